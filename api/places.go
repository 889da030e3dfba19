package api

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"reflect"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"linienfunk/commands"
)

const placesPath = byCity + "networks/{network}/places"

// addPlaces adds the operation on what a city's account sees in a network.
func (a *API) addPlaces() {
	command, _ := a.Commands.Find("places")
	var query []*huma.Param
	for _, p := range a.queryParams(command) {
		if p.Name == "network" { // the path has it
			p.In = "path"
		}
		query = append(query, p)
	}
	schema := a.huma.OpenAPI().Components.Schemas.Schema(reflect.TypeOf(command.Result), true, "")
	op := &huma.Operation{OperationID: command.ID(), Method: http.MethodGet, Path: placesPath, Summary: a.Commands.Help("en", command), Tags: []string{string(command.Scope)},
		Parameters: slices.Concat([]*huma.Param{cityParam()}, query, []*huma.Param{header("If-None-Match", "A list that you know: the answer is 304 if it is still the present one.", false)}),
		Responses: map[string]*huma.Response{
			"200": {Description: "The list, as it was read last.", Headers: map[string]*huma.Param{"ETag": {Description: "Of this list.", Schema: &huma.Schema{Type: huma.TypeString}}},
				Content: map[string]*huma.MediaType{"application/json": {Schema: schema}}},
			"304": {Description: "It is as you know it."},
		}}
	a.add(op, command, func(w http.ResponseWriter, r *http.Request) { a.showPlaces(w, r, command) })
}

func (a *API) showPlaces(w http.ResponseWriter, r *http.Request, command commands.Command) {
	call, ok := a.reads(w, r, command)
	if !ok {
		return
	}
	if _, twice := call.Args["network"]; twice {
		a.writeProblem(w, r, a.problemAt(r, "twice", "query.network"))
		return
	}
	call.Args["network"] = r.PathValue("network")
	result, err := a.Commands.Run(r.Context(), call)
	if err != nil {
		where := "query"
		if refusals := commands.AsRefusals(err); len(refusals) > 0 && refusals[0].Param == "network" {
			where = "path"
		}
		a.failed(w, r, err, where)
		return
	}
	tag := tagOf(result)
	w.Header().Set("ETag", quoted(tag))
	if matches(r.Header.Get("If-None-Match"), tag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	a.writeJSON(w, r, http.StatusOK, "application/json", result)
}

// tagOf is a digest of a result, in its language.
func tagOf(result any) string {
	text, _ := json.Marshal(result) // writeJSON reports an error
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16])
}
