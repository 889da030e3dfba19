package bus

import (
	"fmt"
	"io"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"linienfunk/bus/programs"
)

// answerWithin is how long a program may answer a message, once.
const answerWithin = 2 * time.Minute

// permissionsOf returns what the user of these subjects may do.
func permissionsOf(s programs.Subjects) *server.Permissions {
	return &server.Permissions{
		Publish:   &server.SubjectPermission{Allow: []string{s.In}},
		Subscribe: &server.SubjectPermission{Allow: []string{s.Out, s.Inbox + ".>"}},
		Response:  &server.ResponsePermission{MaxMsgs: 1, Expires: answerWithin},
	}
}

// WritePermissions writes users with their permissions as the configuration of nats-server has them, for servers with this nats.prefix.
func WritePermissions(out io.Writer, prefix string, users []programs.User) error {
	for _, user := range users {
		s := ProgramsOf(prefix, user.Name)
		_, err := fmt.Fprintf(out, `{
  user: %q
  password: %q
  permissions: {
    publish: { allow: [%q] }
    subscribe: { allow: [%q, %q] }
    allow_responses: { max: 1, expires: %q }
  }
}
`, user.Name, user.Hash, s.In, s.Out, s.Inbox+".>", answerWithin)
		if err != nil {
			return err
		}
	}
	return nil
}
