package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"linienfunk/db"
)

// service is a broker or the database: a process that can be killed, stopped and started again.
type service struct {
	host    host
	address string // host and port
	log     string // file
	args    []string
	as      *syscall.Credential // nil for the user of this process

	command *exec.Cmd
	ended   chan struct{}
}

func (s *service) start(ctx context.Context) error {
	s.command = s.host.command(ctx, s.args[0], s.args[1:]...)
	s.command.SysProcAttr = &syscall.SysProcAttr{Credential: s.as}
	log, err := os.OpenFile(s.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	s.command.Stdout, s.command.Stderr = log, log
	if err := s.command.Start(); err != nil {
		return err
	}
	ended := make(chan struct{})
	s.ended = ended
	command := s.command
	go func() { command.Wait(); close(ended) }()
	return nil
}

func (s *service) kill() {
	s.command.Process.Kill()
	<-s.ended
}

func (s *service) stop() {
	if s.command != nil {
		s.signal(syscall.SIGCONT)
		s.command.Process.Signal(syscall.SIGQUIT) // PostgreSQL ends at once, without waiting for clients
		<-s.ended
	}
}

// signal sends a signal to the process and to its children.
func (s *service) signal(sig syscall.Signal) {
	for _, pid := range append(children(s.command.Process.Pid), s.command.Process.Pid) {
		syscall.Kill(pid, sig)
	}
}

// children lists the children of a process.
func children(of int) (pids []int) {
	files, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, file := range files {
		text, _ := os.ReadFile(file)
		_, after, _ := strings.Cut(string(text), ") ")
		if fields := strings.Fields(after); len(fields) > 1 && fields[1] == strconv.Itoa(of) {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(file)))
			pids = append(pids, pid)
		}
	}
	return pids
}

// waitPort waits until the service accepts connections.
func (s *service) waitPort(ctx context.Context) error {
	return until(ctx, 50*time.Millisecond, func() (bool, error) {
		select {
		case <-s.ended:
			text, _ := os.ReadFile(s.log)
			return false, fmt.Errorf("%s has ended: %s", s.args[0], text[max(0, len(text)-2000):])
		default:
		}
		conn, err := net.DialTimeout("tcp", s.address, time.Second)
		if err != nil {
			return false, nil
		}
		conn.Close()
		return true, nil
	})
}

// newBrokers prepares a cluster of NATS servers, each on a host. The server is that of this module's go.mod.
func (b *bench) newBrokers(ctx context.Context, on []host) (brokers []*service, err error) {
	binary := filepath.Join(b.dir, "nats-server")
	build := exec.CommandContext(ctx, "go", "build", "-o", binary, "github.com/nats-io/nats-server/v2")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return nil, fmt.Errorf("build nats-server: %w", err)
	}
	var routes, ports []string
	for _, h := range on {
		ports = append(ports, h.freePort())
		routes = append(routes, "nats://"+ports[len(ports)-1])
	}
	for i, h := range on {
		dir := filepath.Join(b.dir, fmt.Sprint("broker", i))
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, err
		}
		s := &service{host: h, address: h.freePort(), log: dir + ".log", args: []string{binary, "-c", filepath.Join(dir, "nats.conf")}}
		text := fmt.Sprintf("server_name: broker%d\nlisten: %q\njetstream { store_dir: %q }\ncluster { name: bench, listen: %q, routes: [%s] }\n",
			i, s.address, dir, ports[i], strings.Join(routes, ", "))
		if err := os.WriteFile(s.args[2], []byte(text), 0o600); err != nil {
			return nil, err
		}
		brokers = append(brokers, s)
	}
	return brokers, nil
}

// newPostgres makes a database server. As root it runs as the user postgres, since PostgreSQL refuses root.
func (b *bench) newPostgres(ctx context.Context, on host) (*service, error) {
	initdb, err := findPostgres("initdb")
	if err != nil {
		return nil, err
	}
	server, err := findPostgres("postgres")
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(b.dir, "postgres")
	if err := errors.Join(os.MkdirAll(dir, 0o700), os.Chmod(b.dir, 0o711)); err != nil {
		return nil, err
	}
	s := &service{host: on, address: on.freePort(), log: dir + ".log"}
	if os.Getuid() == 0 {
		owner, err := user.Lookup("postgres")
		if err != nil {
			return nil, err
		}
		uid, err1 := strconv.Atoi(owner.Uid)
		gid, err2 := strconv.Atoi(owner.Gid)
		if err := errors.Join(err1, err2, os.Chown(dir, uid, gid)); err != nil {
			return nil, err
		}
		s.as = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	}
	make := exec.CommandContext(ctx, initdb, "-D", dir, "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--no-instructions")
	make.SysProcAttr, make.Dir = &syscall.SysProcAttr{Credential: s.as}, "/"
	if out, err := make.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w: %s", err, out)
	}
	access, err := os.OpenFile(filepath.Join(dir, "pg_hba.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return nil, err
	}
	_, err = access.WriteString("host all all samenet trust\n")
	ip, port, _ := net.SplitHostPort(s.address)
	s.args = []string{server, "-D", dir, "-p", port, "-c", "listen_addresses=" + ip, "-k", ""} // the path of a socket in dir may be too long for the system
	if s.host.namespace != "" {                                                                // ip needs root
		s.args, s.as = append([]string{"setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"}, s.args...), nil
	}
	return s, errors.Join(err, access.Close())
}

// findPostgres looks where Debian has it, too.
func findPostgres(name string) (string, error) {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	if len(found) > 0 {
		return slices.Max(found), nil
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return "", skipped{name + " is not installed"}
	}
	return path, nil
}

// databaseURL is the address of the database at a server that newPostgres has made.
func (s *service) databaseURL() string {
	u := url.URL{Scheme: "postgres", User: url.User("postgres"), Host: s.address, Path: "/postgres", RawQuery: "sslmode=disable"}
	return u.String()
}

// waitDatabase waits until the server answers.
func (s *service) waitDatabase(ctx context.Context) error {
	return until(ctx, 100*time.Millisecond, func() (bool, error) {
		select {
		case <-s.ended:
			return false, fmt.Errorf("PostgreSQL has ended; its log is %s", s.log)
		default:
		}
		limited, cancel := context.WithTimeout(ctx, 2*time.Second)
		defer cancel()
		opened, err := db.Open(limited, s.databaseURL(), time.Now)
		if err == nil {
			opened.Close()
		}
		return err == nil, nil
	})
}
