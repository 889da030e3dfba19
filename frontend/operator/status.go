package operator

import (
	"net/http"

	"linienfunk/commands"
)

// statusData is how the instance is.
type statusData struct {
	Instance commands.InstanceStatus
	Mail     *commands.MailCheck // nil if nobody wanted the check
}

// Database is the size of the database, for people; empty if it is not known.
func (d statusData) Database() string {
	if d.Instance.Database == 0 {
		return ""
	}
	return commands.Bytes(d.Instance.Database)
}

// Size is the size of a stream, for people.
func (statusData) Size(one commands.StreamSize) string { return commands.Bytes(one.Bytes) }

func (p *Pages) readStatus(r *http.Request, run func(name string, args map[string]any) (any, error)) (data statusData, text string, err error) {
	result, err := run("instance status", nil)
	if err != nil {
		return data, "", err
	}
	data.Instance = result.(commands.InstanceStatus)
	command, _ := p.Commands.Find("instance status")
	text = p.Commands.Answer(p.Lang(r), nil, command, result).Text
	if r.URL.Query().Get("check") == "mail" {
		if result, err = run("instance mailcheck", nil); err != nil {
			return data, "", err
		}
		found := result.(commands.MailCheck)
		data.Mail = &found
	}
	return data, text, nil
}
