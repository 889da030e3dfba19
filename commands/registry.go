package commands

import (
	"linienfunk/db"
	"linienfunk/settings"
)

// Parameters that several commands have.
var (
	reportParam  = Param{Name: "report", Kind: Ref, Required: true}
	listParam    = Param{Name: "list", Kind: Choice, Required: true, Choices: []string{"triggers", "blocked"}}
	ruleParam    = Param{Name: "rule", Kind: Text, Required: true, Min: 1, Max: 500}
	networkParam = Param{Name: "network", Kind: Text, Required: true, Min: 1, Max: 32, Person: true}
	whoParam     = Param{Name: "who", Kind: Text, Required: true, Min: 1, Max: 254}
	inviteParam  = Param{Name: "invitation", Kind: Number, Required: true, Min: 1, Max: 1 << 40}
	personParam  = Param{Name: "person", Kind: Text, Required: true, Min: 1, Max: 300, Person: true}
	baseParam    = Param{Name: "base", Kind: Text, Max: 64, Program: true}
	noteParam    = Param{Name: "note", Kind: Text, Max: settings.MaxNote}
)

// registry lists the commands, in the order in which people see them.
func registry() []Command {
	var all []Command
	for _, group := range []struct {
		name     string
		commands []Command
	}{{"reports", ofReports}, {"moderation", ofModeration}, {"city", ofCities}, {"lists", ofLists}, {"transit", ofTransit}, {"subscribers", ofSubscribers}, {"people", ofPeople}, {"chats", ofLinks}, {"instance", ofInstance}, {"instance", ofOperators}, {"instance", ofRegistration}, {"instance", ofRecovery}} {
		for _, command := range group.commands {
			command.Group = group.name
			all = append(all, command)
		}
	}
	return all
}

var ofReports = []Command{
	{Name: "report", Level: Anyone, Scope: ScopeReport, Result: ReportStored{}, run: handIn,
		Params: []Param{{Name: "text", Kind: Text, Required: true, Min: 1, Max: 2000, Lines: true}, {Name: "author", Kind: Text, Max: 200}}},
	{Name: "reports", Level: Moderator, Scope: ScopeRead, Reads: true, Result: ReportList{}, run: listReports,
		Params: []Param{{Name: "held", Kind: Switch, Default: false}, {Name: "limit", Kind: Number, Min: 1, Max: 100, Default: 10}, {Name: "before", Kind: Number, Min: 1, Max: 1 << 40}}},
	{Name: "release", Level: Moderator, Scope: ScopeModerate, Tells: true, Groups: true, Params: []Param{reportParam}, Result: Ruled{}, run: release},
	{Name: "refuse", Level: Moderator, Scope: ScopeModerate, Tells: true, Groups: true, Params: []Param{reportParam}, Result: Ruled{}, run: refuseReport},
	{Name: "withdraw", Level: Moderator, Scope: ScopeReport, Tells: true, Params: []Param{reportParam}, Result: Ruled{}, run: withdraw},
	{Name: "mute", Level: Moderator, Scope: ScopeModerate, Tells: true, Result: Ruled{}, run: mute,
		Params: []Param{reportParam, {Name: "days", Kind: Number, Min: 0, Max: 365, Default: 0}}},
	{Name: "unmute", Level: Moderator, Scope: ScopeModerate, Tells: true, Params: []Param{reportParam}, Result: Ruled{}, run: unmute},
}

var ofCities = []Command{
	{Name: "status", Level: Moderator, Scope: ScopeRead, Reads: true, Result: CityStatus{}, run: status},
	{Name: "places", Level: Moderator, Scope: ScopeRead, Reads: true, Result: PlaceList{}, run: showPlaces,
		Params: []Param{{Name: "network", Kind: Text, Required: true, Min: 1, Max: 32}, {Name: "refresh", Kind: Switch, Default: false}}},
	{Name: "pause", Level: Owner, Scope: ScopeSettings, Tells: true, Result: CityState{}, run: pause},
	{Name: "resume", Level: Owner, Scope: ScopeSettings, Tells: true, Result: CityState{}, run: resume},
	{Name: "settings show", Level: Moderator, Scope: ScopeRead, Reads: true, Result: CitySettings{}, run: showSettings},
	{Name: "settings change", Level: Owner, Scope: ScopeSettings, Tells: true, Result: SettingsChange{}, run: changeSettings,
		Params: []Param{{Name: "changes", Kind: Object, Required: true}, baseParam, noteParam}},
	{Name: "settings replace", Level: Owner, Scope: ScopeSettings, Tells: true, Result: SettingsChange{}, run: replaceSettings,
		Params: []Param{{Name: "document", Kind: Object, Required: true}, baseParam, noteParam}},
	{Name: "settings undo", Level: Owner, Scope: ScopeSettings, Tells: true, Result: SettingsChange{}, run: undoSettings,
		Params: []Param{{Name: "version", Kind: Text, Required: true, Min: 1, Max: 64}, baseParam, noteParam}},
	{Name: "city delete", Level: Owner, Scope: ScopeSettings, Tells: true, Result: CityEnding{}, run: deleteCity, Params: []Param{{Name: "name", Kind: Text, Required: true, Min: 1, Max: 32}}},
	{Name: "city moved", Level: Owner, Scope: ScopeSettings, Tells: true, Result: CityMove{}, run: cityMoved, Params: []Param{{Name: "url", Kind: Text, Required: true, Min: 1, Max: 1000}}},
	{Name: "city stays", Level: Owner, Scope: ScopeSettings, Tells: true, Result: CityMove{}, run: cityStays},
	{Name: "city export", Level: Owner, Scope: ScopeSettings, Reads: true, Result: CityExport{}, run: exportCity},
	{Name: "city restore", Level: Owner, Scope: ScopeSettings, Tells: true, Result: CityState{}, run: restoreCity},
}

var ofLists = []Command{
	{Name: "lists show", Level: Moderator, Scope: ScopeRead, Reads: true, Result: Lists{}, run: showLists},
	{Name: "lists add", Level: Owner, Scope: ScopeSettings, Tells: true, Params: []Param{listParam, ruleParam}, Result: ListChange{}, run: addToList},
	{Name: "lists remove", Level: Owner, Scope: ScopeSettings, Tells: true, Params: []Param{listParam, ruleParam}, Result: ListChange{}, run: removeFromList},
}

// maxTyped is the most characters of a list that somebody types.
const maxTyped = 1 << 20

var ofTransit = []Command{
	{Name: "transit choose", Level: Owner, Scope: ScopeSettings, Tells: true, Result: SettingsChange{}, run: chooseNetwork,
		Params: []Param{{Name: "feed", Kind: Text, Min: 1, Max: 64}, {Name: "agencies", Kind: Text, Max: maxTyped, Lines: true}, {Name: "kinds", Kind: Text, Max: 1000, Lines: true},
			{Name: "center", Kind: Text, Max: 200}, {Name: "radius", Kind: Text, Max: 20}, baseParam, noteParam}},
	{Name: "transit lists", Level: Owner, Scope: ScopeSettings, Tells: true, Result: SettingsChange{}, run: listNetwork,
		Params: []Param{{Name: "lines", Kind: Text, Max: maxTyped, Lines: true, Exact: true}, {Name: "stops", Kind: Text, Max: maxTyped, Lines: true, Exact: true}, baseParam, noteParam}},
	{Name: "transit names", Level: Owner, Scope: ScopeSettings, Tells: true, Result: SettingsChange{}, run: nameStops,
		Params: []Param{{Name: "names", Kind: Text, Required: true, Max: maxTyped, Lines: true, Exact: true}, baseParam, noteParam}},
	{Name: "transit remove", Level: Owner, Scope: ScopeSettings, Tells: true, Result: SettingsChange{}, run: removeNetwork, Params: []Param{baseParam, noteParam}},
	{Name: "transit unfollow", Level: Owner, Scope: ScopeSettings, Tells: true, Result: Unfollowed{}, run: unfollowFeed},
}

// Those who choose what they get are subscribers: choosing does not subscribe, in no network, since a person who asks about lines need not want a message about each. Anybody may
// unsubscribe: one who is not subscribed (any more), or has not confirmed it yet, wants to hear that nothing comes. A program with a key acts for the person that it names.
var ofSubscribers = []Command{
	{Name: "subscribe", Level: Anyone, Scope: ScopeSubscribers, Params: []Param{networkParam, personParam}, Result: Subscription{}, run: subscribe},
	{Name: "unsubscribe", Level: Anyone, Scope: ScopeSubscribers, Params: []Param{networkParam, personParam}, Result: Subscription{}, run: unsubscribe},
	{Name: "lines", Level: Subscriber, Scope: ScopeSubscribers, Params: []Param{networkParam, personParam, {Name: "to", Kind: Text, Max: 1000}}, Result: Subscription{}, run: chooseLines},
	{Name: "stops", Level: Subscriber, Scope: ScopeSubscribers, Params: []Param{networkParam, personParam, {Name: "to", Kind: Text, Max: 1000}}, Result: Subscription{}, run: chooseStops},
	{Name: "hours", Level: Subscriber, Scope: ScopeSubscribers, Params: []Param{networkParam, personParam, {Name: "to", Kind: Text, Max: 1000}}, Result: Subscription{}, run: chooseHours},
}

// roles are the choices of a role.
var roles = []string{string(db.RoleModerator), string(db.RoleOwner)}

var ofPeople = []Command{
	{Name: "people", Level: Moderator, Scope: ScopePeople, Reads: true, Result: People{}, run: people},
	{Name: "people role", Level: Owner, Scope: ScopePeople, Tells: true, Names: true, Params: []Param{whoParam, {Name: "role", Kind: Choice, Required: true, Choices: roles}}, Result: Membership{}, run: changeRole},
	{Name: "people remove", Level: Owner, Scope: ScopePeople, Tells: true, Names: true, Params: []Param{whoParam}, Result: Membership{}, run: removePerson},
	{Name: "invite", Level: Owner, Scope: ScopePeople, Tells: true, Names: true, Result: Invited{}, run: invite,
		Params: []Param{{Name: "address", Kind: Text, Required: true, Min: 3, Max: 254}, {Name: "role", Kind: Choice, Choices: roles, Default: roles[0]}}},
	{Name: "invitations", Level: Owner, Scope: ScopePeople, Reads: true, Result: InvitationList{}, run: invitations},
	{Name: "invitation resend", Level: Owner, Scope: ScopePeople, Tells: true, Names: true, Params: []Param{inviteParam}, Result: Invited{}, run: resendInvitation},
	{Name: "invitation revoke", Level: Owner, Scope: ScopePeople, Tells: true, Names: true, Params: []Param{inviteParam}, Result: Invited{}, run: revokeInvitation},
	{Name: "people mails", Level: Moderator, Params: []Param{{Name: "on", Kind: Switch, Default: true}}, Result: MailsWanted{}, run: setMails},
	{Name: "leave", Level: Moderator, Scope: ScopePeople, Tells: true, Names: true, Params: []Param{{Name: "sure", Kind: Switch, Default: false}}, Result: Membership{}, run: leave},
}

var ofLinks = []Command{
	{Name: "link", Level: Anyone, InChats: true, Params: []Param{{Name: "code", Kind: Text, Required: true, Min: 1, Max: 40}}, Result: Linked{}, run: link},
	{Name: "unlink", Level: Anyone, InChats: true, Result: Linked{}, run: unlink},
	{Name: "link new", Level: Moderator, Result: LinkCode{}, run: newLink},
	{Name: "links", Level: Owner, Scope: ScopeRead, Reads: true, Result: LinkList{}, run: links},
	{Name: "links remove", Level: Owner, Scope: ScopeSettings, Tells: true, Params: []Param{{Name: "link", Kind: Number, Required: true, Min: 1, Max: 1 << 40}}, Result: Linked{}, run: removeLink},
	{Name: "info", Level: Owner, Scope: ScopeRead, Reads: true, Result: InfoList{}, run: listInfo},
	{Name: "info here", Level: Owner, InChats: true, Groups: true, Tells: true, Result: InfoChanged{}, run: infoHere},
	{Name: "info add", Level: Owner, Scope: ScopeSettings, Tells: true, Result: InfoChanged{}, run: addInfo,
		Params: []Param{{Name: "through", Kind: Text, Required: true, Min: 1, Max: 32}, {Name: "address", Kind: Text, Required: true, Min: 1, Max: 300}}},
	{Name: "info confirm", Level: Anyone, InChats: true, Params: []Param{{Name: "code", Kind: Text, Required: true, Min: 1, Max: 40}}, Result: InfoChanged{}, run: confirmInfo},
	{Name: "info stop", Level: Anyone, InChats: true, Groups: true, Result: InfoChanged{}, run: stopInfo},
	{Name: "info remove", Level: Owner, Scope: ScopeSettings, Tells: true, Result: InfoChanged{}, run: removeInfo,
		Params: []Param{{Name: "place", Kind: Number, Required: true, Min: 1, Max: 1 << 40}}},
	{Name: "help", Level: Anyone, Scope: ScopeRead, Reads: true, Result: Help{}, run: help},
}

var ofInstance = []Command{
	{Name: "city list", Level: Operator, Reads: true, NoCity: true, Result: CityList{}, run: listCities},
}
