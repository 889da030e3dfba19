package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/alecthomas/kong"

	"linienfunk/commands"
	"linienfunk/internal/config"
)

// commandFlags are those of every command of package commands.
type commandFlags struct {
	JSON bool   `help:"Print the result as JSON." name:"json"`
	Key  string `help:"Identifies the call: with the same key it is carried out once." placeholder:"KEY"`
	Lang string `help:"Language of the answer: en or de." default:"en"`
}

// commandGroup has the commands of package commands in the help.
var commandGroup = kong.Group{Key: "cities", Title: "Commands for cities (of a running program with the same data directory):"}

// commandLine offers the commands of package commands: for each one a struct that kong fills in.
type commandLine struct {
	catalogue *commands.Commands
	values    map[string]reflect.Value // by what kong calls the command: the pointer to its struct
	named     map[string]commands.Command
	arrive    *arriveFlags // of "city import", which has a file
	cut       *cutFlags    // of "settings cut", which is no command of package commands: it needs no running program
}

func newCommandLine() (*commandLine, error) {
	catalogue, err := commands.New(commands.Deps{})
	return &commandLine{catalogue, map[string]reflect.Value{}, map[string]commands.Command{}, nil, nil}, err
}

// options returns the options for kong.New. Commands of two words are below their first word.
func (l *commandLine) options() (options []kong.Option) {
	groups := map[string][]commands.Command{}
	var order []string
	for _, command := range l.catalogue.All() {
		first, _, _ := strings.Cut(command.Name, " ")
		if command.InChats {
			continue
		}
		if groups[first] == nil {
			order = append(order, first)
		}
		groups[first] = append(groups[first], command)
	}
	for _, first := range order {
		if all := groups[first]; len(all) > 1 || all[0].Name != first {
			options = append(options, l.group(first, all))
			continue
		}
		command := groups[first][0]
		value := reflect.New(l.structOf(command))
		l.keep(command.Name, command, value)
		options = append(options, kong.DynamicCommand(first, l.catalogue.Help("en", command), commandGroup.Key, value.Interface()))
	}
	return options
}

// group makes a command with commands below it. One of a single word is below itself as "show", which need not be written.
func (l *commandLine) group(first string, all []commands.Command) kong.Option {
	var fields []reflect.StructField
	for _, command := range all {
		_, second, two := strings.Cut(command.Name, " ")
		tag := fmt.Sprintf(`cmd:"" help:%q`, l.catalogue.Help("en", command))
		if !two {
			second = "show"
		}
		if second == "show" {
			tag = `default:"withargs" ` + tag
		}
		fields = append(fields, reflect.StructField{Name: exported(second), Type: l.structOf(command), Tag: reflect.StructTag(tag + fmt.Sprintf(` name:%q`, second))})
	}
	if first == "settings" {
		fields = append(fields, reflect.StructField{Name: "Cut", Type: reflect.TypeFor[cutFlags](),
			Tag: `cmd:"" name:"cut" help:"Begin the history of a city's settings again if it is broken, and keep the old one in a file. The program may be running."`})
	}
	if first == "city" {
		fields = append(fields, reflect.StructField{Name: "Import", Type: reflect.TypeFor[arriveFlags](),
			Tag: `cmd:"" name:"import" help:"Take the file of a city of another instance into one here."`})
	}
	value := reflect.New(reflect.StructOf(fields))
	if first == "city" {
		l.arrive = value.Elem().FieldByName("Import").Addr().Interface().(*arriveFlags)
	}
	if first == "settings" {
		l.cut = value.Elem().FieldByName("Cut").Addr().Interface().(*cutFlags)
	}
	var helps []string
	for i, command := range all {
		l.keep(first+" "+fields[i].Tag.Get("name"), command, value.Elem().Field(i).Addr())
		helps = append(helps, l.catalogue.Help("en", command))
	}
	return kong.DynamicCommand(first, strings.Join(helps, ". "), commandGroup.Key, value.Interface())
}

func (l *commandLine) keep(name string, command commands.Command, value reflect.Value) {
	l.values[name], l.named[name] = value, command
}

// structOf returns the struct with a command's flags. Parameters that are required are arguments, in their order; so is what a command switches, as "panic off".
func (l *commandLine) structOf(command commands.Command) reflect.Type {
	fields := []reflect.StructField{{Name: "CommandFlags", Type: reflect.TypeFor[commandFlags](), Tag: `embed:""`}}
	if !command.NoCity {
		fields = append(fields, reflect.StructField{Name: "City", Type: reflect.TypeFor[string](), Tag: `required:"" help:"The city, by its short name."`})
	}
	for _, p := range command.Params {
		kind := map[commands.Kind]reflect.Type{commands.Number: reflect.TypeFor[*int](), commands.Switch: reflect.TypeFor[*bool]()}[p.Kind]
		if kind == nil {
			kind = reflect.TypeFor[*string]()
		}
		tag := fmt.Sprintf(`help:%q name:%q`, l.catalogue.ParamText("en", p), p.Name)
		switch {
		case p.Required:
			tag += ` arg:""`
			kind = kind.Elem()
		case p.IsToggle():
			tag += ` arg:"" optional:""`
			kind = reflect.TypeFor[string]()
		}
		fields = append(fields, reflect.StructField{Name: "Param" + exported(p.Name), Type: kind, Tag: reflect.StructTag(tag)})
	}
	return reflect.StructOf(fields)
}

// exported makes a word the name of a field.
func exported(word string) string {
	return strings.ToUpper(word[:1]) + strings.NewReplacer("-", "_", " ", "_").Replace(word[1:])
}

// call returns the flags and the call that the command line has.
func (l *commandLine) call(command string) (flags commandFlags, call socketCall, ok bool) {
	var words []string
	for word := range strings.FieldsSeq(command) {
		if !strings.HasPrefix(word, "<") && !strings.HasPrefix(word, "[") {
			words = append(words, word)
		}
	}
	name := strings.Join(words, " ")
	found, ok := l.named[name]
	if !ok {
		return flags, call, false
	}
	value := l.values[name].Elem()
	flags = value.Field(0).Interface().(commandFlags)
	call = socketCall{Name: found.Name, Args: map[string]any{}, Key: flags.Key, Lang: flags.Lang}
	params := 1 // where they begin
	if !found.NoCity {
		call.City, params = value.Field(1).String(), 2
	}
	for i, p := range found.Params {
		field := value.Field(params + i)
		if field.Kind() == reflect.Pointer {
			if field.IsNil() {
				continue
			}
			field = field.Elem()
		}
		if p.IsToggle() && field.Len() == 0 {
			continue
		}
		call.Args[p.Name] = field.Interface()
		if text, ok := call.Args[p.Name].(string); ok && (p.Kind == commands.Object || p.IsToggle()) {
			call.Args[p.Name] = p.Parse(text)
		}
	}
	return flags, call, true
}

// runCommand has the running program carry out a command, and prints the result.
func runCommand(ctx context.Context, settings config.Config, flags commandFlags, call socketCall, out io.Writer) error {
	answer, err := runInProgram(ctx, settings, call)
	switch {
	case err != nil:
		return err
	case len(answer.Refused) > 0:
		return errors.New(strings.Join(answer.Refused, "\n"))
	case answer.Failed != "":
		return errors.New(answer.Failed)
	case flags.JSON:
		encoder := json.NewEncoder(out)
		encoder.SetIndent("", "  ")
		return encoder.Encode(answer.Result)
	}
	_, err = fmt.Fprintln(out, answer.Text)
	return err
}

// runInProgram has the running program run a command.
func runInProgram(ctx context.Context, settings config.Config, call socketCall) (answer socketAnswer, err error) {
	body, err := json.Marshal(call)
	if err == nil {
		err = askProgram(ctx, settings, "/run", bytes.NewReader(body), &answer)
	}
	if notRunning(err) {
		err = fmt.Errorf("no program answers at %s; it must be running, with the same data directory (%w)", filepath.Join(settings.Data, socketFile), err)
	}
	return answer, err
}

// askProgram posts to the socket of the running program and reads its answer, which is JSON, into a value. See notRunning.
func askProgram(ctx context.Context, settings config.Config, path string, body io.Reader, into any) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://program"+path, body)
	if err != nil {
		return err
	}
	answer, err := socketClient(settings).Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(answer.Body, 1024))
		return fmt.Errorf("the program answers %s: %s", answer.Status, bytes.TrimSpace(text))
	}
	return json.NewDecoder(answer.Body).Decode(into)
}

// notRunning reports whether an error of the socket's client says that no program takes calls.
func notRunning(err error) bool {
	var network *net.OpError
	return errors.As(err, &network) && network.Op == "dial"
}

// socketClient sends requests to the socket of the running program, whatever their host.
func socketClient(settings config.Config) *http.Client {
	path := filepath.Join(settings.Data, socketFile)
	return &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", path)
	}}}
}
