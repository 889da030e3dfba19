package config

import (
	"fmt"
	"slices"
	"strings"
)

// Role is a part of the program that a node runs, or leaves to others.
type Role string

// The roles.
const (
	RoleBots     Role = "bots"     // the accounts of the cities in its shards: reads networks and mailboxes, sends reports
	RoleCensor   Role = "censor"   // judges reports
	RoleFrontend Role = "frontend" // serves pages, the form for reports, and networks' webhooks
	RoleMail     Role = "mail"     // receives mail by SMTP and LMTP, delivers the queue
)

// AllRoles lists the roles.
var AllRoles = []Role{RoleBots, RoleCensor, RoleFrontend, RoleMail}

// ParseRoles reads roles that are separated by commas, in any order.
func ParseRoles(text string) ([]Role, error) {
	var roles []Role
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' }) {
		if !slices.Contains(AllRoles, Role(word)) {
			return nil, fmt.Errorf("%q is none of them", word)
		}
		roles = append(roles, Role(word))
	}
	if len(roles) == 0 {
		return nil, fmt.Errorf("a node without any does nothing")
	}
	return roles, nil
}

// Has reports whether this node has a role.
func (c Config) Has(role Role) bool {
	roles, _ := ParseRoles(c.Roles) // check has parsed it
	return slices.Contains(roles, role)
}

// RoleNames lists the roles of this node, in the order of AllRoles, separated by commas.
func (c Config) RoleNames() string {
	var names []string
	for _, role := range AllRoles {
		if c.Has(role) {
			names = append(names, string(role))
		}
	}
	return strings.Join(names, ",")
}

// missingRoles lists the roles that this node does not have.
func (c Config) missingRoles() []string {
	var missing []string
	for _, role := range AllRoles {
		if !c.Has(role) {
			missing = append(missing, string(role))
		}
	}
	return missing
}

// checkRoles reports roles that cannot work: those that a node leaves out need another node, with which it shares broker and database.
func (c Config) checkRoles(bad func(key, format string, args ...any)) {
	if _, err := ParseRoles(c.Roles); err != nil {
		bad("roles", "wants bots, censor, frontend and mail, or some of them, separated by commas: %v", err)
		return
	}
	missing := strings.Join(c.missingRoles(), " and ")
	switch {
	case missing == "":
	case c.NATS.URL == "":
		bad("roles", "%s would be missing: the embedded broker has this node only. Name a broker that nodes share in nats.url, or leave roles out", missing)
	case c.Database.URL == "":
		bad("roles", "%s would be missing: the database in the data directory has this node only. Name one that nodes share in database.url, or leave roles out", missing)
	}
}
