package api

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"linienfunk/commands"
)

// Operation is something that the API does, as its page shows it.
type Operation struct {
	Method, Path string
	Command      commands.Command // its Name is empty if it is none
	ID           string           // of the operation in OpenAPI
	Scope        commands.Scope
}

// Operations lists all operations, in the order of the commands.
func (a *API) Operations() []Operation { return a.operations }

// About says what an operation does.
func (a *API) About(lang string, op Operation) string {
	if op.Command.Name == "" {
		return a.Text(lang, "operation-"+op.ID)
	}
	return a.Commands.Help(lang, op.Command)
}

// Offered reports whether a command is in the API: keys belong to a city, and what has no scope no key can do.
func Offered(command commands.Command) bool {
	return command.Scope != "" && !command.InChats && !command.NoCity && command.Level <= commands.Owner && !resources[command.Name]
}

// addCommand adds the operation of a command: what changes something is POST /api/v1/<command>, and what only reads is GET /api/v1/cities/{city}/<command>.
func (a *API) addCommand(command commands.Command) {
	path := strings.ReplaceAll(command.Name, " ", "/")
	op := &huma.Operation{OperationID: command.ID(), Summary: a.Commands.Help("en", command), Tags: []string{string(command.Scope)}}
	handle := a.post
	if command.Reads {
		op.Method, op.Path, handle = http.MethodGet, byCity+path, a.get
		op.Parameters = append([]*huma.Param{cityParam()}, a.queryParams(command)...)
	} else {
		op.Method, op.Path = http.MethodPost, v1+path
		op.Parameters = []*huma.Param{idempotencyParam()}
		op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/json": {Schema: a.bodySchema(command)}}}
	}
	schema := a.huma.OpenAPI().Components.Schemas.Schema(reflect.TypeOf(command.Result), true, "")
	op.Responses = map[string]*huma.Response{"200": {Description: "It is done.", Content: map[string]*huma.MediaType{"application/json": {Schema: schema}}}}
	a.add(op, command, func(w http.ResponseWriter, r *http.Request) { handle(w, r, command) })
}

// add adds an operation of a command, whose answers are there but for problems.
func (a *API) add(op *huma.Operation, command commands.Command, f http.HandlerFunc) {
	op.Description = "Needs the scope `" + string(command.Scope) + "`."
	op.Parameters = append(op.Parameters, clientParam())
	op.Responses["default"] = &huma.Response{Ref: "#/components/responses/problem"}
	op.Security = []map[string][]string{{keyScheme: {}}}
	a.huma.OpenAPI().AddOperation(op)
	a.huma.Adapter().Handle(op, func(ctx huma.Context) {
		r, w := humago.Unwrap(ctx)
		f(w, r)
	})
	a.operations = append(a.operations, Operation{Method: op.Method, Path: op.Path, Command: command, ID: op.OperationID, Scope: command.Scope})
}

// maxIdempotencyKey is the most characters of the header Idempotency-Key.
const maxIdempotencyKey = 200

const idempotencyDoc = "Identifies the call for a day: a second one with the same key is not carried out, and has the answer of the first one."

func (a *API) post(w http.ResponseWriter, r *http.Request, command commands.Command) {
	key, ok := a.admit(w, r, command.Scope)
	if !ok {
		return
	}
	args, p := a.readBody(w, r)
	if p == nil {
		p = a.idempotencyKey(r)
	}
	if p != nil {
		a.writeProblem(w, r, p)
		return
	}
	call := commands.Call{Name: command.Name, Args: args, Actor: key.actor(lang(r)), Key: r.Header.Get("Idempotency-Key")}
	if call.City, p = a.cityOf(r, args, key); p != nil {
		a.writeProblem(w, r, p)
		return
	}
	delete(args, "city")
	a.run(w, r, call, "body")
}

func (a *API) get(w http.ResponseWriter, r *http.Request, command commands.Command) {
	if call, ok := a.reads(w, r, command); ok {
		a.run(w, r, call, "query")
	}
}

// reads returns the call of a command that only reads, with the values of the query. It answers if the key or the query is wrong.
func (a *API) reads(w http.ResponseWriter, r *http.Request, command commands.Command) (call commands.Call, ok bool) {
	key, ok := a.admitTo(w, r, command.Scope)
	if !ok {
		return call, false
	}
	return a.readsAs(w, r, command, key)
}

// readsAs is reads for a key that was admitted.
func (a *API) readsAs(w http.ResponseWriter, r *http.Request, command commands.Command, key Key) (call commands.Call, ok bool) {
	args, p := a.readQuery(r, command)
	if p != nil {
		a.writeProblem(w, r, p)
		return call, false
	}
	return commands.Call{City: key.City, Name: command.Name, Args: args, Actor: key.actor(lang(r))}, true
}

// run carries out a command and answers with its result. where is the part of the request that has the values.
func (a *API) run(w http.ResponseWriter, r *http.Request, call commands.Call, where string) {
	result, err := a.Commands.Run(r.Context(), call)
	if err != nil {
		a.failed(w, r, err, where)
		return
	}
	a.writeJSON(w, r, http.StatusOK, "application/json", result)
}

func (a *API) writeJSON(w http.ResponseWriter, r *http.Request, status int, contentType string, value any) {
	text, err := json.Marshal(value)
	if err != nil { // a mistake in a type of a result
		a.Log.Error("cannot write an answer", "operation", r.Pattern, "err", err)
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	_, _ = w.Write(append(text, '\n')) // an error means that the caller has left
}
