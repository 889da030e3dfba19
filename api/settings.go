package api

import (
	"net/http"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"linienfunk/commands"
	"linienfunk/settings"
)

// resources are the commands that are no operations of their own, but resources with an ETag: the settings, with their hash, and what an account sees in a network (places.go).
var resources = map[string]bool{"settings show": true, "settings change": true, "settings replace": true, "places": true, "city export": true}

// MaxSettings is the largest change of settings in bytes. The guard in front of all pages allows no more.
const MaxSettings = 1 << 20

const (
	settingsPath = byCity + "settings"
	mergePatch   = "application/merge-patch+json" // RFC 7396
)

// addExport adds the file with all of a city.
func (a *API) addExport() {
	export, _ := a.Commands.Find("city export")
	op := &huma.Operation{OperationID: export.ID(), Method: http.MethodGet, Path: byCity + "export", Summary: a.Commands.Help("en", export), Tags: []string{string(export.Scope)}, Parameters: []*huma.Param{cityParam()},
		Responses: map[string]*huma.Response{"200": {Description: "A zip with JSON files. Those with the addresses of people are in it only for keys with the scope `addresses`.", Content: map[string]*huma.MediaType{"application/zip": {Schema: &huma.Schema{Type: huma.TypeString}}}}}}
	a.add(op, export, func(w http.ResponseWriter, r *http.Request) {
		key, ok := a.admitTo(w, r, export.Scope)
		if !ok {
			return
		}
		call, ok := a.readsAs(w, r, export, key)
		if !ok {
			return
		}
		if _, err := a.Commands.Run(r.Context(), call); err != nil { // whether the key may
			a.failed(w, r, err, "query")
			return
		}
		a.Commands.ServeExport(w, r, call.City, key.Has(commands.ScopeAddresses))
	})
}

// addSettings adds the operations on a city's settings.
func (a *API) addSettings() {
	schemas := a.huma.OpenAPI().Components.Schemas
	document := schemas.Schema(reflect.TypeFor[settings.Settings](), true, "")
	show, _ := a.Commands.Find("settings show")
	change, _ := a.Commands.Find("settings change")
	replace, _ := a.Commands.Find("settings replace")
	etag := map[string]*huma.Param{"ETag": {Description: "The version: its hash in quotes.", Schema: &huma.Schema{Type: huma.TypeString}}}
	ok := func(about string) *huma.Response {
		return &huma.Response{Description: about, Headers: etag, Content: map[string]*huma.MediaType{"application/json": {Schema: document}}}
	}
	get := &huma.Operation{OperationID: show.ID(), Method: http.MethodGet, Path: settingsPath, Summary: a.Commands.Help("en", show), Tags: []string{string(show.Scope)},
		Parameters: []*huma.Param{cityParam(), header("If-None-Match", "A version: the answer is 304 if it is still the present one.", false)},
		Responses:  map[string]*huma.Response{"200": ok("The settings."), "304": {Description: "They are as you know them."}}}
	saving := func(command commands.Command, method, about, contentType string, schema *huma.Schema) *huma.Operation {
		return &huma.Operation{OperationID: command.ID(), Method: method, Path: settingsPath, Summary: a.Commands.Help("en", command), Tags: []string{string(command.Scope)},
			Parameters:  []*huma.Param{cityParam(), header("If-Match", "The version that you have seen, from its ETag. Nothing is changed if it is not the present one.", true), idempotencyParam()},
			RequestBody: &huma.RequestBody{Required: true, Description: about, Content: map[string]*huma.MediaType{contentType: {Schema: schema}}},
			Responses:   map[string]*huma.Response{"200": ok("The settings as they are now.")}}
	}
	object := &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true}
	patch := saving(change, http.MethodPatch, "A JSON merge patch (RFC 7396): the fields that change, with their new values.", mergePatch, object)
	put := saving(replace, http.MethodPut, "A whole document, or the file with the settings that admins can download.", "application/json", object)
	a.add(get, show, func(w http.ResponseWriter, r *http.Request) { a.showSettings(w, r, show) })
	a.add(patch, change, func(w http.ResponseWriter, r *http.Request) { a.saveSettings(w, r, change, mergePatch) })
	a.add(put, replace, func(w http.ResponseWriter, r *http.Request) { a.saveSettings(w, r, replace, "application/json") })
}

func (a *API) showSettings(w http.ResponseWriter, r *http.Request, command commands.Command) {
	call, ok := a.reads(w, r, command)
	if !ok {
		return
	}
	result, err := a.Commands.Run(r.Context(), call)
	if err != nil {
		a.failed(w, r, err, "query")
		return
	}
	shown := result.(commands.CitySettings)
	if matches(r.Header.Get("If-None-Match"), shown.Hash) {
		w.Header().Set("ETag", quoted(shown.Hash))
		w.WriteHeader(http.StatusNotModified)
		return
	}
	a.writeSettings(w, r, shown)
}

// saveSettings runs a command whose first parameter is the body.
func (a *API) saveSettings(w http.ResponseWriter, r *http.Request, command commands.Command, contentType string) {
	key, ok := a.admitTo(w, r, command.Scope)
	if !ok {
		return
	}
	match := strings.TrimSpace(r.Header.Get("If-Match"))
	base, isTag := strings.CutPrefix(strings.TrimSuffix(match, `"`), `"`)
	if match == "" {
		a.fail(w, r, "if-match")
		return
	}
	if !isTag && match != "*" || base == "" { // no version has such a tag
		base = "none"
	}
	if match == "*" {
		base = ""
	}
	object, p := a.readObject(w, r, contentType, MaxSettings)
	if p == nil {
		p = a.idempotencyKey(r)
	}
	if p != nil {
		a.writeProblem(w, r, p)
		return
	}
	call := commands.Call{City: key.City, Name: command.Name, Args: map[string]any{command.Params[0].Name: object}, Actor: key.actor(lang(r)), Key: r.Header.Get("Idempotency-Key")}
	if base != "" {
		call.Args["base"] = base
	}
	result, err := a.Commands.Run(r.Context(), call)
	if err != nil {
		a.failed(w, r, err, "body")
		return
	}
	a.writeSettings(w, r, result.(commands.SettingsChange).CitySettings)
}

func (a *API) writeSettings(w http.ResponseWriter, r *http.Request, shown commands.CitySettings) {
	w.Header().Set("ETag", quoted(shown.Hash))
	a.writeJSON(w, r, http.StatusOK, "application/json", shown.Settings)
}

func quoted(hash string) string { return `"` + hash + `"` }

// matches reports whether the tags of If-None-Match name a version.
func matches(header, hash string) bool {
	for tag := range strings.SplitSeq(header, ",") {
		if tag = strings.TrimPrefix(strings.TrimSpace(tag), "W/"); tag == quoted(hash) || tag == "*" {
			return true
		}
	}
	return false
}
