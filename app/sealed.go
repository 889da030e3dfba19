package app

import (
	"linienfunk/bots/all"
	"linienfunk/internal/secret"
)

// sealedColumns lists all columns of the database whose values are sealed with the instance key.
func sealedColumns() []secret.Column {
	columns := []secret.Column{
		{Table: "tokens", Name: "data", Row: []string{"hash"}, Base64: true},
		{Table: "mail_messages", Name: "sealed", Row: []string{"key"}},
		{Table: "command_calls", Name: "result", Row: []string{"actor", "key"}, Between: " "},
		{Table: "command_links", Name: "address", Row: []string{"city", "network", "person"}, Between: " "},
		{Table: "command_invitations", Name: "address", Row: []string{"city", "person"}, Between: " "},
		{Table: "command_info_places", Name: "address", Row: []string{"city", "network", "place"}, Between: " "},
		{Table: "command_places", Name: "places", Row: []string{"city", "network"}, Between: " "},
		{Table: "api_webhooks", Name: "secret", Row: []string{"id"}},
		{Table: "admin_totps", Name: "secret", Row: []string{"admin_id"}},
	}
	for _, plugin := range all.Plugins() {
		columns = append(columns, plugin.Sealed...)
	}
	return columns
}
