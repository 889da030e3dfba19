package apipages

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"linienfunk/api"
	"linienfunk/commands"
	"linienfunk/frontend/site"
)

type docsData struct {
	BaseURL string
	Scopes  []scopeDocs
	Codes   []codeDocs
}

// scopeDocs are the operations that need a scope.
type scopeDocs struct {
	Name, About string
	Operations  []operationDocs
}

type operationDocs struct {
	ID, Method, Path, About, Example string
	Params                           []paramDocs
}

type paramDocs struct {
	Name, About, Form string
	Required          bool
}

type codeDocs struct {
	api.Code
	About string
}

// docs shows what the API can do, from the registry of commands.
func (p *Pages) docs(w http.ResponseWriter, r *http.Request) error {
	lang := p.Lang(r)
	data := docsData{BaseURL: p.BaseURL}
	for _, scope := range commands.Scopes {
		one := scopeDocs{Name: string(scope), About: p.API.Text(lang, "scope-"+string(scope))}
		for _, op := range p.API.Operations() {
			if op.Scope == scope {
				one.Operations = append(one.Operations, p.operation(r, op))
			}
		}
		data.Scopes = append(data.Scopes, one)
	}
	for _, code := range api.Codes() {
		data.Codes = append(data.Codes, codeDocs{code, p.API.Explain(lang, code.Code)})
	}
	return p.Show(w, r, http.StatusOK, site.Page{Title: p.Text(r, "docs")}, "docs.html", data)
}

func (p *Pages) operation(r *http.Request, op api.Operation) operationDocs {
	lang := p.Lang(r)
	shown := operationDocs{ID: op.ID, Method: op.Method, Path: op.Path, About: p.API.About(lang, op)}
	for _, param := range op.Command.Params {
		shown.Params = append(shown.Params, paramDocs{param.Name, p.API.Commands.Text(lang, "param-"+strings.ReplaceAll(param.Name, "_", "-")), p.form(r, param), param.Required})
	}
	shown.Example = p.example(op)
	return shown
}

// form says what the values of a parameter are.
func (p *Pages) form(r *http.Request, param commands.Param) string {
	switch param.Kind {
	case commands.Number:
		return p.Text(r, "docs-number", "Min", param.Min, "Max", param.Max)
	case commands.Switch:
		return "true, false"
	case commands.Choice:
		return strings.Join(param.Choices, ", ")
	case commands.Ref:
		return p.Text(r, "docs-ref")
	}
	return p.Text(r, "docs-text", "Min", param.Min, "Max", param.Max)
}

// example is a call with curl, with the values that are required.
func (p *Pages) example(op api.Operation) string {
	address := p.BaseURL + strings.NewReplacer("{city}", "CITY", "{bot}", "NETWORK").Replace(op.Path)
	if op.Method == http.MethodGet {
		return fmt.Sprintf("curl -H \"x-api-key: $KEY\" %s", address)
	}
	values := map[string]any{"city": "CITY"}
	for _, param := range op.Command.Params {
		if param.Required {
			values[param.Name] = exampleOf(param)
		}
	}
	body, _ := json.Marshal(values) // texts and numbers
	return fmt.Sprintf("curl -H \"x-api-key: $KEY\" -H 'Content-Type: application/json' -X %s \\\n  -d '%s' %s", op.Method, body, address)
}

func exampleOf(param commands.Param) any {
	switch {
	case param.Kind == commands.Number:
		return max(param.Min, 1)
	case param.Kind == commands.Switch:
		return true
	case param.Kind == commands.Choice:
		return param.Choices[0]
	case param.Kind == commands.Ref:
		return "17"
	}
	return strings.ToUpper(param.Name)
}
