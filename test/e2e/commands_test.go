package e2e

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"linienfunk/api"
	"linienfunk/app"
	"linienfunk/bots/telegram/telegramtest"
	"linienfunk/commands"
	"linienfunk/internal/config"
	"linienfunk/internal/testkit"
	"linienfunk/test/harness"
)

// outcome is what a way in says about a command: its result as data, where it has one, or the reason why it was refused.
type outcome struct {
	Result  any
	Text    string // for people; empty where the way has none
	Refused bool   // in a chat the text alone says so
}

// waysIn is a city with all ways in which people and programs run commands.
type waysIn struct {
	t       *testing.T
	program *app.Program
	config  config.Config
	admin   *harness.Browser
	fake    *telegramtest.Server
	key     string // of the API
	mails   *harness.MailServer
	numbers int // of reports that were handed in to be held, and of people
}

// TestEveryCommandIsTheSameOnThePageInTheAPIInAChatAndOnTheCommandLine runs each command of the registry in every way that has it, with values made from its parameters: a new command
// needs no line here. What is compared is the shape of results, and what people read, without numbers and names that differ.
func TestEveryCommandIsTheSameOnThePageInTheAPIInAChatAndOnTheCommandLine(t *testing.T) {
	t.Parallel()
	w := newWaysIn(t)
	catalogue, err := commands.New(commands.Deps{})
	if err != nil {
		t.Fatal(err)
	}
	for _, command := range catalogue.All() {
		if command.Name == "unlink" {
			continue // ends the chat: see below
		}
		results := map[string]outcome{}
		for name, run := range map[string]func(commands.Command, map[string]any) outcome{"page": w.onPage, "api": w.inAPI, "chat": w.inChat, "command line": w.onCommandLine} {
			if has(name, catalogue, command) {
				results[name] = run(command, w.values(command, name))
			}
		}
		if len(results) == 0 {
			t.Errorf("%s is nowhere", command.Name)
		}
		compare(t, command, results)
	}
	unlink, _ := catalogue.Find("unlink")
	if end := w.inChat(unlink, nil); end.Refused || !strings.Contains(end.Text, "no longer linked") {
		t.Errorf("unlink: %+v", end)
	}
}

// has reports whether a way in offers a command. Operators have the command line alone; a chat is not for what is about the instance, and has no code for itself.
func has(way string, catalogue *commands.Commands, command commands.Command) bool {
	switch way {
	case "chat":
		return catalogue.InChats(command)
	case "api":
		return api.Offered(command) // the settings are a resource there, with versions
	case "page":
		return !command.InChats && !command.NoCity && command.Level <= commands.Owner
	}
	return !command.InChats
}

// made are values for parameters of which not every text is one, by command and parameter. WAY is the way in.
var made = map[string]string{
	"log command":               "pause",
	"instance block whom":       "WAY@example.net",
	"city moved url":            "https://elsewhere.example.org/c/zuerich",
	"settings change changes":   `{"about": "kontrolle WAY"}`,
	"settings replace document": `{"title": "Zürich", "lang": "de", "active": true, "triggers": ["kontrolle"], "about": "replaced by kontrolle WAY"}`,
}

// values makes a value for each parameter that is required, and for others one in every second command. Texts differ between the ways, so that none does what another one has done.
func (w *waysIn) values(command commands.Command, way string) map[string]any {
	values := map[string]any{}
	for _, p := range command.Params {
		switch {
		case p.Name == "network":
			values[p.Name] = "telegram"
		case p.Name == "person":
			values[p.Name] = fmt.Sprint(w.fake.Person("ada"))
		case p.Name == "address":
			values[p.Name] = strings.ReplaceAll(way, " ", "") + "@example.net"
		case p.Name == "who":
			values[p.Name] = w.helper()
		case p.Name == "invitation":
			values[p.Name] = w.invited()
		case p.Kind == commands.Ref:
			values[p.Name] = w.held()
		case p.Kind == commands.Choice:
			values[p.Name] = p.Choices[0]
		case p.Kind == commands.Number:
			values[p.Name] = p.Max
		case p.Kind == commands.Switch:
			values[p.Name] = false
		case p.Required:
			values[p.Name] = strings.ReplaceAll(cmp.Or(made[command.Name+" "+p.Name], "kontrolle WAY"), "WAY", strings.ReplaceAll(way, " ", ""))
		}
	}
	return values
}

// ownLooks are commands whose answers differ: help tells each what they may do, Telegram shows what somebody has chosen with buttons, and the command line is no person who gets mails.
var ownLooks = []string{"help", "lines", "stops", "hours", "people mails"}

func compare(t *testing.T, command commands.Command, results map[string]outcome) {
	t.Helper()
	ways := slices.Sorted(maps.Keys(results))
	first := results[ways[0]]
	for _, way := range ways[1:] {
		other := results[way]
		if other.Refused != first.Refused && ways[0] != "chat" && way != "chat" {
			t.Errorf("%s: %s says %+v, %s says %+v", command.Name, ways[0], first, way, other)
		}
		if a, b := plain(first.Text), plain(other.Text); a != "" && b != "" && a != b && !slices.Contains(ownLooks, command.Name) {
			t.Errorf("%s: %s says\n%s\n%s says\n%s", command.Name, ways[0], a, way, b)
		}
		if !alike(first.Result, other.Result) {
			t.Errorf("%s: %s returns %v, %s returns %v", command.Name, ways[0], first.Result, way, other.Result)
		}
	}
}

var differ = regexp.MustCompile(`[0-9a-f]{32,}|[0-9]+|kontrolle [a-z]+|[a-z0-9]+@example\.net`)

// plain is a text without what differs between calls.
func plain(text string) string { return strings.TrimSpace(differ.ReplaceAllString(text, "…")) }

// alike reports whether two results have members of the same names and types. An empty list is like any other, and nothing like everything.
func alike(a, b any) bool {
	switch a := a.(type) {
	case nil:
		return true
	case map[string]any:
		b, ok := b.(map[string]any)
		if !ok || !slices.Equal(slices.Sorted(maps.Keys(a)), slices.Sorted(maps.Keys(b))) {
			return b == nil && !ok
		}
		for name, value := range a {
			if !alike(value, b[name]) {
				return false
			}
		}
		return true
	case []any:
		b, ok := b.([]any)
		return ok && (len(a) == 0 || len(b) == 0 || alike(a[0], b[0]))
	}
	return b == nil || fmt.Sprintf("%T", a) == fmt.Sprintf("%T", b)
}

func newWaysIn(t *testing.T) *waysIn {
	t.Helper()
	mails := harness.NewMailServer(t)
	w := &waysIn{t: t, fake: telegramtest.New(t), config: harness.Config(t, mails), mails: mails}
	w.config.Networks = []config.Key{{Network: "telegram", Name: "api", Value: w.fake.URL}}
	w.program, _ = harness.Start(t, w.config)
	w.admin = harness.NewBrowser(t, w.program.URL())
	w.admin.Register(mails, "zuerich", "Zürich")
	w.admin.SetLists("zuerich", "Zürich", "kontrolle", "")
	w.admin.Post("/city/zuerich/bot/telegram/connect", "token", w.fake.AddBot("ZueriBot"))
	w.key = apiKey(t, w.admin, w.program.URL(), "zuerich")
	w.ask(linkCode(t, w.admin, "zuerich"), "linked")
	return w
}

// apiKey makes a key with all scopes but those that are given.
func apiKey(t *testing.T, admin *harness.Browser, base, city string, without ...commands.Scope) string {
	t.Helper()
	form := url.Values{"name": {"test"}, "days": {"30"}}
	for _, scope := range commands.Scopes {
		if slices.Contains(without, scope) {
			continue
		}
		form.Add("scope", string(scope))
	}
	answer, err := admin.Client.PostForm(base+"/city/"+city+"/api/keys", form)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	page, err := io.ReadAll(answer.Body)
	key := regexp.MustCompile(`<code>([a-z]+_[a-z0-9]+_[a-z0-9]+)</code>`).FindSubmatch(page)
	if err != nil || key == nil {
		t.Fatalf("no key on the page: %v\n%s", err, page)
	}
	return string(key[1])
}

// helper returns the address of somebody who moderates the city, and whom nobody else removes.
func (w *waysIn) helper() string {
	w.t.Helper()
	w.numbers++
	address := fmt.Sprintf("helper%d@example.net", w.numbers)
	w.commandLine("invite", address, "--city", "zuerich")
	link := strings.TrimPrefix(w.mails.WaitForLink(w.t, address, "/invite/"), w.program.URL())
	harness.NewBrowser(w.t, w.program.URL()).Post(link, "password", harness.AdminPassword)
	return address
}

// invited returns the number of an open invitation.
func (w *waysIn) invited() int {
	w.t.Helper()
	w.numbers++
	var sent commands.Invited
	w.decode(w.commandLine("invite", fmt.Sprintf("guest%d@example.net", w.numbers), "--city", "zuerich", "--json"), &sent)
	return sent.Invitation
}

// held returns the number of a new report that is held.
func (w *waysIn) held() string {
	w.t.Helper()
	w.numbers++
	text := fmt.Sprintf("wetter %c%c", 'a'+w.numbers/26, 'a'+w.numbers%26) // letters alone: texts are compared without digits
	w.commandLine("report", text, "--author", text, "--city", "zuerich")
	var number string
	testkit.Eventually(w.t, text+" is held", func() bool {
		var list commands.ReportList
		w.decode(w.commandLine("reports", "--held", "--city", "zuerich", "--limit", "100", "--json"), &list)
		for _, one := range list.Reports {
			if one.Text == text {
				number = fmt.Sprint(one.Report)
			}
		}
		return number != ""
	})
	return number
}

func (w *waysIn) decode(text string, into any) {
	w.t.Helper()
	if err := json.Unmarshal([]byte(text), into); err != nil {
		w.t.Fatalf("%v in %s", err, text)
	}
}

// commandLine runs linienfunk, and returns what it prints.
func (w *waysIn) commandLine(args ...string) string {
	w.t.Helper()
	var out bytes.Buffer
	if err := app.Main(w.t.Context(), append(args, "--data", w.config.Data), nil, &out, io.Discard); err != nil {
		w.t.Fatal(err)
	}
	return out.String()
}

func (w *waysIn) onCommandLine(command commands.Command, values map[string]any) (o outcome) {
	w.t.Helper()
	args := strings.Fields(command.Name)
	for _, p := range command.Params {
		value, given := values[p.Name]
		switch {
		case !given:
		case p.Required:
			args = append(args, fmt.Sprint(value))
		case p.IsToggle():
			args = append(args, map[any]string{true: "on", false: "off"}[value])
		default:
			args = append(args, fmt.Sprintf("--%s=%v", p.Name, value))
		}
	}
	if !command.NoCity {
		args = append(args, "--city", "zuerich")
	}
	args = append(args, "--data", w.config.Data)
	if command.Name == "link new" { // the operator is no admin
		return outcome{Result: nil}
	}
	var out bytes.Buffer
	err := app.Main(w.t.Context(), append(args, "--json"), nil, &out, io.Discard)
	if err != nil {
		return outcome{Text: reason(err.Error()), Refused: true}
	}
	w.decode(out.String(), &o.Result)
	if command.Reads {
		out.Reset()
		if err := app.Main(w.t.Context(), args, nil, &out, io.Discard); err != nil {
			w.t.Fatal(err)
		}
		o.Text = out.String()
	}
	return o
}

// reason is a refusal without the name of the parameter, which a page shows in another place, and without how the command is written.
func reason(text string) string {
	text, _, _ = strings.Cut(text, "\n")
	if param, why, ok := strings.Cut(text, ": "); ok && regexp.MustCompile(`^[a-z_]+$`).MatchString(param) {
		return why
	}
	return text
}

func (w *waysIn) onPage(command commands.Command, values map[string]any) (o outcome) {
	w.t.Helper()
	form := url.Values{}
	for name, value := range values {
		if value != false { // a box that is not checked
			form.Set(name, fmt.Sprint(value))
		}
	}
	answer, err := w.admin.Client.PostForm(w.program.URL()+"/city/zuerich/commands/"+command.ID(), form)
	if err != nil {
		w.t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	_, page, _ := strings.Cut(string(body), `id="command-`+command.ID()+`" open`)
	if found := regexp.MustCompile(`(?s)<p class="error">(.*?)</p>`).FindStringSubmatch(page); found != nil {
		return outcome{Text: html.UnescapeString(found[1]), Refused: true}
	}
	page, _, _ = strings.Cut(page, "<form")
	var lines []string
	for _, found := range regexp.MustCompile(`(?s)<p>(.*?)</p>`).FindAllStringSubmatch(page, -1) {
		lines = append(lines, html.UnescapeString(found[1]))
	}
	o.Text = strings.Join(lines, "\n")
	found := regexp.MustCompile(`(?s)<pre>(.*?)</pre>`).FindStringSubmatch(page)
	if found == nil {
		w.t.Fatalf("%s: no result on the page", command.Name)
	}
	w.decode(html.UnescapeString(found[1]), &o.Result)
	return o
}

func (w *waysIn) inAPI(command commands.Command, values map[string]any) (o outcome) {
	w.t.Helper()
	path, method := strings.ReplaceAll(command.Name, " ", "/"), http.MethodPost
	var body []byte
	address := w.program.URL() + "/api/v1/" + path
	if command.Reads {
		method, address = http.MethodGet, w.program.URL()+"/api/v1/cities/zuerich/"+path+"?"
		for name, value := range values {
			address += fmt.Sprintf("%s=%v&", name, value)
		}
	} else {
		values["city"] = "zuerich"
		body, _ = json.Marshal(values)
	}
	request, err := http.NewRequestWithContext(w.t.Context(), method, strings.TrimRight(address, "?&"), bytes.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	request.Header.Set("X-Api-Key", w.key)
	request.Header.Set("Client", "e2e")
	request.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		w.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	if answer.StatusCode >= 300 {
		var problem struct{ Detail string }
		w.decode(string(text), &problem)
		return outcome{Text: reason(problem.Detail), Refused: true}
	}
	w.decode(string(text), &o.Result)
	if object, ok := o.Result.(map[string]any); ok {
		delete(object, "$schema")
	}
	return o
}

// ask writes to the city's account on Telegram, and returns the answer that has a text.
func (w *waysIn) ask(text, wants string) (answer string) {
	w.t.Helper()
	before := len(w.fake.Sent())
	w.fake.Say("ZueriBot", "ada", text)
	testkit.Eventually(w.t, "the account answers "+text, func() bool {
		for _, sent := range w.fake.Sent()[before:] {
			notice := strings.HasPrefix(sent.Text, "Somebody else") || strings.Contains(sent.Text, "held:\n") || strings.Contains(sent.Text, "has accepted an invitation")
			if sent.Chat == w.fake.Person("ada") && strings.Contains(sent.Text, wants) && !notice {
				answer = sent.Text
				return true
			}
		}
		return false
	})
	return answer
}

func (w *waysIn) inChat(command commands.Command, values map[string]any) outcome {
	w.t.Helper()
	catalogue, err := commands.New(commands.Deps{})
	if err != nil {
		w.t.Fatal(err)
	}
	text, _, _ := strings.Cut(catalogue.Usage("en", command), " <")
	text, _, _ = strings.Cut(text, " [")
	for _, p := range command.Params {
		if value, ok := values[p.Name]; ok && !p.Person {
			text += fmt.Sprintf(" %v", value)
		}
	}
	answer := w.ask(text, "")
	if why, refused := strings.CutPrefix(answer, "⚠️ "); refused {
		return outcome{Text: reason(why)}
	}
	return outcome{Text: answer}
}
