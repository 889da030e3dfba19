package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"linienfunk/commands"
	"linienfunk/templates"
)

// socketFile is where a running program takes commands of whoever may read its data directory: the operator. It speaks HTTP: POST /run takes a socketCall and answers with a
// socketAnswer, POST /backup answers with a backup, POST /doctor with
// what examine has found, POST /cut with a cut, POST /arrive takes the file of a city and answers with an arrived.
const socketFile = "commands.sock"

// socketCall is a command on its way to the running program.
type socketCall struct {
	City string         `json:"city"`
	Name string         `json:"name"`
	Args map[string]any `json:"args"`
	Key  string         `json:"key"`
	Lang string         `json:"lang"`
}

// socketAnswer is what became of it.
type socketAnswer struct {
	Result  any      `json:"result,omitempty"`
	Text    string   `json:"text,omitempty"`    // the result, for people
	Refused []string `json:"refused,omitempty"` // why the command was not carried out
	Failed  string   `json:"failed,omitempty"`  // what went wrong; it may have been carried out
}

// openSocket replaces the socket of a program that was killed: the data directory is locked. A system without such sockets, or a path that is too long for one, leaves the program
// without them.
func (p *Program) openSocket(context.Context) error {
	path := filepath.Join(p.config.Data, socketFile)
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("data: %w", err)
	}
	listener, err := net.Listen("unix", path)
	if err != nil {
		p.log.Warn("no commands on the command line: the socket cannot be made", "path", path, "err", err)
		return nil
	}
	p.onClose(func() error { listener.Close(); return nil }) // Run may have closed it
	if err := os.Chmod(path, 0o600); err != nil {
		return fmt.Errorf("data: %w", err)
	}
	p.socket = listener
	return nil
}

// serveSocket runs the commands of the command line until ctx ends.
func (p *Program) serveSocket(ctx context.Context) error {
	if p.socket == nil {
		<-ctx.Done()
		return ctx.Err()
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /run", p.runFromSocket)
	mux.HandleFunc("POST /backup", p.backupFromSocket)
	mux.HandleFunc("POST /doctor", p.doctorFromSocket)
	mux.HandleFunc("POST /cut", p.cutFromSocket)
	mux.HandleFunc("POST /arrive", p.arriveFromSocket)
	server := &http.Server{Handler: mux, ReadTimeout: time.Minute, ErrorLog: slog.NewLogLogger(p.log.Handler(), slog.LevelDebug)}
	return serveUntil(ctx, server, p.socket)
}

func (p *Program) runFromSocket(w http.ResponseWriter, r *http.Request) {
	var asked socketCall
	if err := json.NewDecoder(r.Body).Decode(&asked); err != nil {
		http.Error(w, "the body must be a command as JSON: "+err.Error(), http.StatusBadRequest)
		return
	}
	if !templates.Known(asked.Lang) {
		asked.Lang = templates.Languages[0]
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(p.runAsOperator(r.Context(), asked)) // the client has gone
}

// runAsOperator runs a command with all permissions.
func (p *Program) runAsOperator(ctx context.Context, asked socketCall) socketAnswer {
	result, err := p.commands.Run(ctx, commands.Call{
		City: asked.City, Name: asked.Name, Args: asked.Args, Key: asked.Key,
		Actor: commands.Actor{ID: commands.OperatorID, Level: commands.Operator, Lang: asked.Lang},
	})
	var answer socketAnswer
	for _, one := range commands.AsRefusals(err) {
		answer.Refused = append(answer.Refused, p.commands.Say(asked.Lang, one))
	}
	switch {
	case answer.Refused != nil:
	case err != nil:
		p.log.Error("a command has failed", "name", asked.Name, "city", asked.City, "err", err)
		answer.Failed = err.Error()
	default:
		zone := time.Local
		if city, ok, _ := p.settings.Get(ctx, asked.City); ok { // reads memory
			zone = city.Clock()
		}
		command, _ := p.commands.Find(asked.Name)
		answer.Result, answer.Text = result, p.commands.Answer(asked.Lang, zone, command, result).Text
	}
	return answer
}
