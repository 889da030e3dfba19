package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// fake is a fake of Mastodon in a process of its own.
type fake struct {
	command *exec.Cmd
	stdin   io.Closer
	url     string
}

func startFake(ctx context.Context) (*fake, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	f := &fake{command: exec.CommandContext(ctx, self)}
	f.command.Env = append(os.Environ(), roleVariable+"="+roleFake, listenVariable+"="+hubHost().ip)
	f.command.Stderr = os.Stderr
	if f.stdin, err = f.command.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := f.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := f.command.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	f.url = strings.TrimSpace(line)
	return f, err
}

func (f *fake) stop() {
	f.stdin.Close()
	f.command.Wait()
}

// control calls one of the fake's paths below /bench/ and decodes the answer, if out is not nil.
func (f *fake) control(ctx context.Context, method, path string, out any) error {
	request, err := http.NewRequestWithContext(ctx, method, f.url+"/bench/"+path, nil)
	if err != nil {
		return err
	}
	got, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer got.Body.Close()
	if got.StatusCode != http.StatusOK {
		return fmt.Errorf("fake: %s: %s", path, got.Status)
	}
	if out == nil {
		return nil
	}
	return json.NewDecoder(got.Body).Decode(out)
}

func (f *fake) set(ctx context.Context, m mode) error {
	return f.control(ctx, http.MethodPost, "mode/"+string(m), nil)
}

func (f *fake) reset(ctx context.Context) error { return f.control(ctx, http.MethodPost, "reset", nil) }

func (f *fake) state(ctx context.Context) (s fakeState, err error) {
	return s, f.control(ctx, http.MethodGet, "state", &s)
}

func (f *fake) posts(ctx context.Context) ([]post, error) { return f.postsFrom(ctx, 0) }

// postsFrom returns the posts without the first ones.
func (f *fake) postsFrom(ctx context.Context, first int) (all []post, err error) {
	return all, f.control(ctx, http.MethodGet, "posts/"+strconv.Itoa(first), &all)
}

// patience is how long is waited for posts and for the ledger.
const patience = 5 * time.Minute

// wait waits until the fake has as many posts.
func (f *fake) wait(ctx context.Context, posts int) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return f.control(ctx, http.MethodGet, "wait/"+strconv.Itoa(posts), nil)
}

// program is a binary that runs in a process of its own.
type program struct {
	target
	host       host
	data       string
	http, smtp string
	env        []string // more configuration
	trace      string   // file for strace, or empty

	command *exec.Cmd
	ended   chan struct{}
	err     error // of the process, once it has ended
}

func freePort() string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err) // without a free port nothing can be measured
	}
	defer listener.Close()
	return listener.Addr().String()
}

func newProgram(t target, data string) *program {
	return newProgramOn(host{ip: "127.0.0.1"}, t, data)
}

func newProgramOn(h host, t target, data string) *program {
	return &program{target: t, host: h, data: data, http: h.freePort(), smtp: h.freePort()}
}

// mailDomain is the domain of the cities' addresses.
const mailDomain = "linienfunk.example"

// logFile has what the program has written to standard output and error.
func (p *program) logFile() string { return p.data + ".log" }

// failed is an error with the end of the log.
func (p *program) failed(what string) error {
	text, _ := os.ReadFile(p.logFile())
	return fmt.Errorf("the program %s: %s", what, text[max(0, len(text)-2000):])
}

// start starts the program, with a command of its command line, and returns at once.
func (p *program) start(ctx context.Context, command string) error {
	args := []string{p.path, command, "--config", os.DevNull}
	if p.trace != "" {
		args = append([]string{"strace", "-D", "-f", "--seccomp-bpf", "-ttt", "-e", "trace=fsync,fdatasync,openat", "-o", p.trace}, args...)
	}
	p.command = p.host.command(ctx, args[0], args[1:]...)
	p.command.Env = append(os.Environ(), "LINIENFUNK_HTTP="+p.http, "LINIENFUNK_SMTP="+p.smtp, "LINIENFUNK_DATA="+p.data,
		"LINIENFUNK_BASE_URL=http://"+p.http, "LINIENFUNK_MAIL_DOMAIN="+mailDomain, "LINIENFUNK_OUTGOING_ALLOW_PRIVATE=true",
		"LINIENFUNK_LOG_LEVEL=warn")
	p.command.Env = append(p.command.Env, p.env...)
	p.command.Dir = p.data
	log, err := os.OpenFile(p.logFile(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	p.command.Stdout, p.command.Stderr = log, log
	if err := p.command.Start(); err != nil {
		return err
	}
	ended := make(chan struct{})
	p.ended = ended
	go func() { p.err = p.command.Wait(); close(ended) }()
	return nil
}

func (p *program) pid() int { return p.command.Process.Pid }

// waitHealthy waits until the program answers that it is healthy.
func (p *program) waitHealthy(ctx context.Context) error {
	return until(ctx, 20*time.Millisecond, func() (bool, error) {
		select {
		case <-p.ended:
			return false, p.failed("has ended")
		default:
		}
		got, err := http.Get("http://" + p.http + "/healthz")
		if err != nil {
			return false, nil
		}
		got.Body.Close()
		return got.StatusCode == http.StatusOK, nil
	})
}

// until calls f until it returns true or an error.
func until(ctx context.Context, interval time.Duration, f func() (bool, error)) error {
	for {
		done, err := f()
		if done || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(interval):
		}
	}
}

// stop ends the program and waits for its end.
func (p *program) stop() error {
	p.command.Process.Signal(syscall.SIGTERM)
	if <-p.ended; p.err != nil {
		return p.failed("ended with " + p.err.Error())
	}
	return nil
}

// kill ends the program at once.
func (p *program) kill() {
	p.command.Process.Kill()
	<-p.ended
}

// used is the CPU time of a program that has ended.
func (p *program) used() time.Duration {
	return p.command.ProcessState.UserTime() + p.command.ProcessState.SystemTime()
}

// countGoroutines ends the program with SIGQUIT, after which the runtime prints all goroutines, and counts them.
func (p *program) countGoroutines() (count int, err error) {
	p.command.Process.Signal(syscall.SIGQUIT)
	<-p.ended
	log, err := os.Open(p.logFile())
	if err != nil {
		return 0, err
	}
	defer log.Close()
	lines := bufio.NewScanner(log)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if bytes.HasPrefix(lines.Bytes(), []byte("goroutine ")) {
			count++
		}
	}
	return count, lines.Err()
}

// cpuTime is the time that a process has used, in user and system mode.
func cpuTime(pid int) (time.Duration, error) {
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return 0, err
	}
	_, after, _ := strings.Cut(string(text), ") ")
	fields := strings.Fields(after) // from the third on, see proc_pid_stat(5)
	if len(fields) < 13 {
		return 0, errors.New("/proc/PID/stat has too few fields")
	}
	user, err1 := strconv.Atoi(fields[11])
	system, err2 := strconv.Atoi(fields[12])
	return time.Duration(user+system) * tick, errors.Join(err1, err2)
}

// memory is the resident memory of a process in MiB.
func memory(pid int) float64 {
	text, _ := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "status"))
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kib, _ := strconv.ParseFloat(strings.Fields(rest)[0], 64)
			return kib / 1024
		}
	}
	return 0
}
