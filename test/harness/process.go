package harness

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"

	"linienfunk/app"
	"linienfunk/internal/config"
	"linienfunk/internal/testkit"
)

// AsProgram is the environment variable that turns the test binary into the program.
const AsProgram = "LINIENFUNK_TEST_AS_PROGRAM"

// Main is the TestMain of a package that uses Process: it runs the tests or, in the process that Process starts, the program.
func Main(m *testing.M) {
	if os.Getenv(AsProgram) == "" {
		os.Exit(m.Run())
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := app.Main(ctx, os.Args[1:], os.Environ(), os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// Process is a program in a process of its own, which a test can kill and start again.
type Process struct {
	// Change changes the command before it is started; may be nil.
	Change func(*exec.Cmd)

	t       testing.TB
	config  config.Config
	command *exec.Cmd // nil while none runs
	output  bytes.Buffer
}

// NewProcess prepares a process. It is killed when the test ends; its output is shown if the test fails.
func NewProcess(t testing.TB, c config.Config) *Process {
	p := &Process{t: t, config: c}
	t.Cleanup(func() {
		p.Kill()
		if t.Failed() {
			t.Log(p.output.String())
		}
	})
	return p
}

// Start starts the program and returns when its pages answer.
func (p *Process) Start() {
	p.t.Helper()
	c := p.config
	p.command = exec.Command(os.Args[0], "serve", "--config", os.DevNull)
	p.command.Env = append(os.Environ(), AsProgram+"=1", "LINIENFUNK_HTTP="+c.HTTP, "LINIENFUNK_SMTP="+c.SMTP, "LINIENFUNK_DATA="+c.Data,
		"LINIENFUNK_BASE_URL="+c.BaseURL, "LINIENFUNK_MAIL_DOMAIN="+c.Mail.Domain, "LINIENFUNK_MAIL_SMARTHOST="+c.Mail.Smarthost,
		"LINIENFUNK_OUTGOING_ALLOW_PRIVATE=true", "LINIENFUNK_NATS_URL="+c.NATS.URL, "LINIENFUNK_NATS_PREFIX="+c.NATS.Prefix, "LINIENFUNK_NATS_LISTEN="+c.NATS.Listen,
		"LINIENFUNK_DATABASE_URL="+c.Database.URL, "LINIENFUNK_ROLES="+c.Roles, "LINIENFUNK_METRICS_LISTEN="+c.Metrics.Listen, "LINIENFUNK_TRACES_URL="+c.Traces.URL)
	for _, key := range c.Networks {
		name := "LINIENFUNK_BOTS_" + strings.ToUpper(key.Network+"_"+key.Name)
		p.command.Env = append(p.command.Env, name+"="+key.Value)
	}
	p.command.Stdout, p.command.Stderr = &p.output, &p.output
	if p.Change != nil {
		p.Change(p.command)
	}
	if err := p.command.Start(); err != nil {
		p.t.Fatal(err)
	}
	testkit.Eventually(p.t, "the program answers", func() bool {
		answer, err := http.Get("http://" + c.HTTP + "/healthz")
		if err != nil {
			return false
		}
		answer.Body.Close()
		return answer.StatusCode == http.StatusOK
	})
}

// Signal sends a signal, without waiting for its effect. Any goroutine may call it while the program runs.
func (p *Process) Signal(s os.Signal) {
	p.t.Helper()
	if err := p.command.Process.Signal(s); err != nil {
		p.t.Error(err)
	}
}

// PID is the number of the process, while it runs.
func (p *Process) PID() int { return p.command.Process.Pid }

// Wait waits until the program has ended and returns nil for the exit status 0.
func (p *Process) Wait() error {
	err := p.command.Wait()
	p.command = nil
	return err
}

// Kill kills the program with SIGKILL, if it runs, and waits for its end.
func (p *Process) Kill() {
	if p.command != nil {
		p.command.Process.Kill()
		p.Wait()
	}
}
