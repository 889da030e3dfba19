package telegram

import (
	"slices"
	"strings"
	"testing"
	"time"

	"linienfunk/bots"
	"linienfunk/bots/bottest"
	"linienfunk/bots/chat"
	"linienfunk/bots/telegram/telegramtest"
)

// newRun is newConnected with ada, who runs zuerich.
func newRun(t testing.TB) (*bottest.World, *telegramtest.Server) {
	t.Helper()
	w, fake, _ := newConnected(t)
	w.Commands.Link("zuerich", personOf(fake.Person("ada")))
	fake.Say(botOf("zuerich"), "ada", "/status")
	receive(t, w, "zuerich")
	return w, fake
}

// heldNotice is a notice about two reports.
var heldNotice = chat.Answer{Text: "#17 kontrolle?\n#18 wetter", Linked: true, Buttons: []chat.Button{
	{Label: "Release #17", Command: "/status 17"}, {Label: "Refuse #17", Command: "/pause 17"},
	{Label: "Release #18", Command: "/status 18"}, {Label: "Refuse #18", Command: "/pause 18"},
}}

func TestAPressOnAButtonCarriesOutItsCommandAndMarksIt(t *testing.T) {
	t.Parallel()
	w, fake := newRun(t)
	person := personOf(fake.Person("ada"))
	must(t, theBot(w).Tell(t.Context(), "zuerich", person, "held", heldNotice))
	receive(t, w, "zuerich")
	if got := strings.Join(labels(fake), "|"); got != "Release #17|Refuse #17|Release #18|Refuse #18" {
		t.Fatal(got)
	}
	messages := len(fake.Sent())
	press := func(label, want string, toast telegramtest.Toast) {
		t.Helper()
		if !fake.Press(botOf("zuerich"), "ada", label) {
			t.Fatalf("no button %q", label)
		}
		receive(t, w, "zuerich")
		said := fake.Toasts()
		if got := strings.Join(labels(fake), "|"); got != want || said[len(said)-1] != toast {
			t.Errorf("after %q: %q, %+v", label, got, said)
		}
	}
	press("Refuse #17", "✓ Refuse #17|Release #18|Refuse #18", telegramtest.Toast{Text: "done: /pause 17"})
	press("✓ Refuse #17", "✓ Refuse #17|Release #18|Refuse #18", telegramtest.Toast{})
	w.Commands.Answer(chat.Answer{Text: strings.Repeat("Somebody has done it. ", 20), Refused: true, Linked: true})
	fake.Press(botOf("zuerich"), "ada", "Release #18")
	receive(t, w, "zuerich")
	last := fake.Toasts()[len(fake.Toasts())-1]
	if !last.Alert || !strings.HasPrefix(last.Text, "⚠️ Somebody has done it.") || len(fake.Sent()) != messages || !slices.Contains(labels(fake), "Release #18") {
		t.Errorf("a refused press: %+v, %q", last, labels(fake))
	}
	if n := fake.UnansweredPresses(); n != 0 || len(w.Commands.Ran()) != 3 {
		t.Errorf("%d presses are not answered, ran %+v", n, w.Commands.Ran())
	}
}

func TestTheAnswerToAPressThatIsTooOldIsAMessage(t *testing.T) {
	t.Parallel()
	w, fake := newRun(t)
	must(t, theBot(w).Tell(t.Context(), "zuerich", personOf(fake.Person("ada")), "held", heldNotice))
	receive(t, w, "zuerich")
	fake.Press(botOf("zuerich"), "ada", "Release #17")
	fake.ForgetPresses()
	receive(t, w, "zuerich")
	if sent := fake.Sent(); sent[len(sent)-1].Text != "done: /status 17" {
		t.Errorf("%+v", sent[len(sent)-1])
	}
}

func TestAModeratorsMenuHasNothingThatModeratorsAreRefused(t *testing.T) {
	t.Parallel()
	w, fake := newRun(t)
	menu := func() string { return strings.Join(fake.PrivateMenu(botOf("zuerich"), "ada"), "\n") }
	for role, want := range map[chat.Role][2]bool{chat.Moderator: {true, false}, chat.Owner: {true, true}} {
		w.Commands.Answer(chat.Answer{Text: "done", Linked: true, Role: role})
		fake.Say(botOf("zuerich"), "ada", "/status")
		receive(t, w, "zuerich")
		if got := [2]bool{strings.Contains(menu(), "status – "), strings.Contains(menu(), "pause – ")}; got != want {
			t.Errorf("%d: %q", role, menu())
		}
	}
}

func TestWhoeverRunsTheCitySeesAllCommandsInTheMenuAndNobodyElse(t *testing.T) {
	t.Parallel()
	w, fake := newRun(t)
	sees := func(who string) bool {
		return slices.ContainsFunc(fake.PrivateMenu(botOf("zuerich"), who), func(line string) bool { return strings.HasPrefix(line, "pause – ") })
	}
	if !sees("ada") || sees("marta") {
		t.Errorf("%q, %q", fake.PrivateMenu(botOf("zuerich"), "ada"), fake.PrivateMenu(botOf("zuerich"), "marta"))
	}
	calls := func() (count int) {
		for _, call := range fake.Calls() {
			if strings.HasSuffix(call, "MyCommands") {
				count++
			}
		}
		return count
	}
	before := calls()
	fake.Say(botOf("zuerich"), "ada", "/status")
	if receive(t, w, "zuerich"); calls() != before {
		t.Error("the menu is set with each answer")
	}
	w.Commands.Unlink("zuerich", personOf(fake.Person("ada")))
	fake.Say(botOf("zuerich"), "ada", "/pause")
	if receive(t, w, "zuerich"); sees("ada") {
		t.Error("the menu stays")
	}
	w.Commands.Link("zuerich", personOf(fake.Person("ada")))
	fake.Say(botOf("zuerich"), "ada", "/pause")
	receive(t, w, "zuerich")
	w.Restart(t)
	must(t, theBot(w).Tell(t.Context(), "zuerich", personOf(fake.Person("ada")), "gone", chat.Answer{Text: "no longer linked"}))
	if receive(t, w, "zuerich"); sees("ada") {
		t.Error("the menu stays after the link was ended on the page")
	}
}

func TestWhatIsForwardedIsNoCommand(t *testing.T) {
	t.Parallel()
	w, fake := newRun(t)
	ran := len(w.Commands.Ran())
	fake.SayWith(botOf("zuerich"), "ada", map[string]any{"text": "pause", "forward_origin": map[string]any{"type": "hidden_user", "sender_user_name": "eve", "date": 1}})
	got := texts(receive(t, w, "zuerich"))
	if len(w.Commands.Ran()) != ran || got != "pause" {
		t.Errorf("ran %+v, reports %q", w.Commands.Ran(), got)
	}
}

func TestACommandWithoutASlashIsOneOfThoseWhoRunTheCityOnly(t *testing.T) {
	t.Parallel()
	w, fake := newRun(t)
	fake.Say(botOf("zuerich"), "ada", "pause")
	fake.Say(botOf("zuerich"), "marta", "pause")
	if got := texts(receive(t, w, "zuerich")); got != "pause" {
		t.Errorf("reports %q", got)
	}
}

func TestAnswersToStrangersDoNotPileUp(t *testing.T) {
	t.Parallel()
	w, fake, _ := newConnected(t)
	for range 20 {
		fake.Say(botOf("zuerich"), "eve", "/pause")
	}
	receive(t, w, "zuerich")
	if sent := fake.Sent(); len(sent) != 1 || !strings.HasPrefix(sent[0].Text, "⚠️ refused") {
		t.Errorf("%+v", sent)
	}
}

func TestAnAnswerIsDroppedAfterADayAndItsKeyLater(t *testing.T) {
	t.Parallel()
	w, fake := newRun(t)
	person := personOf(fake.Person("ada"))
	must(t, theBot(w).Tell(t.Context(), "zuerich", person, "held", heldNotice))
	before := len(fake.Sent())
	w.Advance(25 * time.Hour)
	receive(t, w, "zuerich")
	must(t, theBot(w).Prune(t.Context(), "zuerich", w.Core.Now()))
	must(t, theBot(w).Tell(t.Context(), "zuerich", person, "held", heldNotice))
	if receive(t, w, "zuerich"); len(fake.Sent()) != before {
		t.Errorf("%+v", fake.Sent()[before:])
	}
	w.Advance(toldLifetime)
	must(t, theBot(w).Prune(t.Context(), "zuerich", w.Core.Now()))
	var kept int64
	if must(t, w.Core.DB.Model(&ToldKey{}).Count(&kept).Error); kept != 0 {
		t.Errorf("%d keys are kept", kept)
	}
}

func TestPeopleAreSubscribedByTheirNumber(t *testing.T) {
	t.Parallel()
	w, fake := newRun(t)
	b, ada := theBot(w), personOf(fake.Person("ada"))
	wants := chat.Interest{Lines: []string{"U8"}}
	if _, ok, err := b.Interest(t.Context(), "zuerich", ada); err != nil || ok {
		t.Errorf("before: %v %v", ok, err)
	}
	if confirmed, err := b.SetInterest(t.Context(), "zuerich", ada, wants); err != nil || !confirmed {
		t.Errorf("%v %v", confirmed, err)
	}
	if i, ok, err := b.Interest(t.Context(), "zuerich", ada); err != nil || !ok || len(i.Lines) != 1 {
		t.Errorf("%+v %v %v", i, ok, err)
	}
	must(t, b.Unsubscribe(t.Context(), "zuerich", ada))
	must(t, b.Unsubscribe(t.Context(), "zuerich", ada))
	if _, ok, _ := b.Interest(t.Context(), "zuerich", ada); ok {
		t.Error("still subscribed")
	}
	for _, wrong := range []string{"", "ada", "-1005", "0", "+5", "007", "99999999999999999999"} {
		if _, _, err := b.Interest(t.Context(), "zuerich", wrong); bots.AsError(err).Kind != bots.KindPermanent {
			t.Errorf("%q: %v", wrong, err)
		}
		if wrong == "-1005" {
			continue // a group
		}
		if err := b.Tell(t.Context(), "zuerich", wrong, "k", heldNotice); bots.AsError(err).Kind != bots.KindPermanent {
			t.Errorf("%q: %v", wrong, err)
		}
	}
	if err := b.Tell(t.Context(), "ghent", ada, "k", heldNotice); bots.AsError(err).Kind != bots.KindPermanent {
		t.Errorf("a city without an account: %v", err)
	}
}

func TestALongAnswerIsCut(t *testing.T) {
	t.Parallel()
	w, fake := newRun(t)
	w.Commands.Answer(chat.Answer{Text: strings.Repeat("🚨", 3000), Linked: true})
	fake.Say(botOf("zuerich"), "ada", "/status")
	receive(t, w, "zuerich")
	if sent := fake.Sent(); len(sent) != 2 || utf16Length(sent[1].Text) > maxText {
		t.Errorf("%d messages", len(sent))
	}
}
