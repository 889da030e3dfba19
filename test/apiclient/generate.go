// Package apiclient is a client of the API, for tests, generated from its description in OpenAPI 3.0.
package apiclient

//go:generate env LINIENFUNK_TEST_UPDATE=1 go test -count=1 -run ClientIsGenerated ../../api
//go:generate go tool oapi-codegen -config config.yaml openapi.json
