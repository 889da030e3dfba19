package api

import (
	"encoding/json"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"linienfunk/commands"
)

// keyScheme is the name of the security scheme.
const keyScheme = "key"

// describe is the description without operations.
func (a *API) describe() *huma.OpenAPI {
	schemas := huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer)
	problem := schemas.Schema(reflect.TypeFor[Problem](), true, "")
	spec := &huma.OpenAPI{
		OpenAPI: "3.1.0",
		Info: &huma.Info{Title: "Linienfunk", Version: "1", Description: "What people can do to a city, for programs. A key belongs to one city; its admins make it on the page API of the city.",
			Contact: &huma.Contact{Name: "This instance", URL: a.BaseURL}},
		Servers: []*huma.Server{{URL: a.BaseURL}},
		Components: &huma.Components{
			Schemas:         schemas,
			SecuritySchemes: map[string]*huma.SecurityScheme{keyScheme: {Type: "apiKey", In: "header", Name: keyHeader}},
			Responses: map[string]*huma.Response{"problem": {
				Description: "It was refused, and nothing has changed, unless the status is 500 or 503: then try again with the same Idempotency-Key.",
				Content:     map[string]*huma.MediaType{problemType: {Schema: problem}},
			}},
		},
	}
	for _, scope := range commands.Scopes {
		spec.Tags = append(spec.Tags, &huma.Tag{Name: string(scope), Description: a.Text("en", "scope-"+string(scope))})
	}
	return spec
}

// finishSpec makes the files of the description. Answers may get more fields; arrays in them are never null.
func (a *API) finishSpec() (err error) {
	spec := a.huma.OpenAPI()
	for _, schema := range spec.Components.Schemas.Map() {
		schema.AdditionalProperties = nil
		neverNull(schema)
	}
	if a.spec, err = json.Marshal(spec); err != nil {
		return err
	}
	a.spec30, err = spec.Downgrade()
	return err
}

func neverNull(schema *huma.Schema) {
	schema.Nullable = false
	if schema.Items != nil {
		neverNull(schema.Items)
	}
	for _, property := range schema.Properties {
		neverNull(property)
	}
}

func writeSpec(w http.ResponseWriter, spec []byte) {
	w.Header().Set("Content-Type", "application/openapi+json")
	w.Header().Set("Cache-Control", "no-cache")
	_, _ = w.Write(spec) // an error means that the visitor has left
}

func ptr[T any](value T) *T { return &value }

func cityParam() *huma.Param {
	return &huma.Param{Name: "city", In: "path", Required: true, Description: "The short name of the key's city.", Schema: &huma.Schema{Type: huma.TypeString}}
}

func header(name, about string, required bool) *huma.Param {
	return &huma.Param{Name: name, In: "header", Required: required, Description: about, Schema: &huma.Schema{Type: huma.TypeString}}
}

func idempotencyParam() *huma.Param {
	return &huma.Param{Name: "Idempotency-Key", In: "header", Description: idempotencyDoc, Schema: &huma.Schema{Type: huma.TypeString, MinLength: ptr(1), MaxLength: ptr(maxIdempotencyKey)}}
}

func clientParam() *huma.Param {
	return &huma.Param{Name: clientHeader, In: "header", Description: "The name of your program, which the city's admins see beside the key.", Schema: &huma.Schema{Type: huma.TypeString, MaxLength: ptr(maxClient)}}
}

// bodySchema is the schema of the body of a command.
func (a *API) bodySchema(command commands.Command) *huma.Schema {
	body := &huma.Schema{Type: huma.TypeObject, AdditionalProperties: false, Required: []string{"city"},
		Properties: map[string]*huma.Schema{"city": {Type: huma.TypeString, Description: "The short name of the key's city."}}}
	for _, p := range command.Params {
		body.Properties[p.Name] = a.paramSchema(p)
		if p.Required {
			body.Required = append(body.Required, p.Name)
		}
	}
	slices.Sort(body.Required)
	return body
}

func (a *API) queryParams(command commands.Command) (all []*huma.Param) {
	for _, p := range command.Params {
		schema := a.paramSchema(p)
		about := schema.Description
		schema.Description = ""
		all = append(all, &huma.Param{Name: p.Name, In: "query", Required: p.Required, Description: about, Schema: schema})
	}
	return all
}

// paramSchema says what commands.Param.check wants.
func (a *API) paramSchema(p commands.Param) *huma.Schema {
	s := &huma.Schema{Description: a.Commands.Text("en", "param-"+strings.ReplaceAll(p.Name, "_", "-")), Default: p.Default}
	switch p.Kind {
	case commands.Number:
		s.Type, s.Format, s.Minimum, s.Maximum = huma.TypeInteger, "int64", ptr(float64(p.Min)), ptr(float64(p.Max))
	case commands.Switch:
		s.Type = huma.TypeBoolean
	case commands.Object:
		s.Type, s.AdditionalProperties = huma.TypeObject, true
	case commands.Choice:
		s.Type = huma.TypeString
		for _, choice := range p.Choices {
			s.Enum = append(s.Enum, choice)
		}
	case commands.Ref:
		s.Type, s.Pattern = huma.TypeString, commands.RefPattern
	default:
		s.Type, s.MaxLength = huma.TypeString, ptr(p.Max)
		if p.Min > 0 {
			s.MinLength = ptr(p.Min)
		}
	}
	return s
}

// Description is the description in OpenAPI 3.1.
func (a *API) Description() []byte { return a.spec }

// Description30 is the description in OpenAPI 3.0.3, for tools that do not read 3.1.
func (a *API) Description30() []byte { return a.spec30 }
