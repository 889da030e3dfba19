package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
)

// host is where processes run: this machine's loopback, or a network namespace of its own, whose cable can be pulled.
type host struct{ namespace, ip string }

// command is a command that runs on the host.
func (h host) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	if h.namespace == "" {
		return exec.CommandContext(ctx, name, args...)
	}
	return exec.CommandContext(ctx, "ip", append([]string{"netns", "exec", h.namespace, name}, args...)...) // ip becomes the command
}

// freePort returns an address on which nothing listens. In a namespace of its own that is any port.
func (h host) freePort() string {
	_, port, _ := net.SplitHostPort(freePort())
	return net.JoinHostPort(h.ip, port)
}

// plug pulls the host's cable, or plugs it in again. Nobody is told: what is sent is lost.
func (h host) plug(in bool) error {
	state := "down"
	if in {
		state = "up"
	}
	return ipCommand("link", "set", "to-"+strings.TrimPrefix(h.namespace, namespacePrefix()), state)
}

// hubVariable names the network to this program when it runs in the namespace that connects the others.
const hubVariable = "LINIENFUNK_TEST_BENCH_HUB"

// namespacePrefix is the prefix of the names of the namespaces.
func namespacePrefix() string { return os.Getenv(hubVariable) + "-" }

// hubHost is where the fakes and the senders are.
func hubHost() host {
	if os.Getenv(hubVariable) == "" {
		return host{ip: "127.0.0.1"}
	}
	return host{ip: "10.77.0.1"}
}

// hosts returns hosts for processes: in namespaces if this program runs in the one that connects them.
func hosts(names []string) map[string]host {
	found := map[string]host{}
	for i, name := range names {
		found[name] = host{ip: "127.0.0.1"}
		if os.Getenv(hubVariable) != "" {
			found[name] = host{namespacePrefix() + name, "10.77.0." + strconv.Itoa(i+2)}
		}
	}
	return found
}

// canConnect reports whether this process may make network namespaces.
func canConnect() bool {
	_, err := exec.LookPath("ip")
	return err == nil && os.Getuid() == 0
}

// inHub runs this program again in a network namespace, to which one for each name is connected by a cable and a bridge. Nothing in it reaches this
// machine's network.
func inHub(ctx context.Context, names []string) error {
	hub := fmt.Sprint("lfb", os.Getpid())
	os.Setenv(hubVariable, hub)
	made := []string{hub}
	defer func() {
		for _, name := range made {
			ipCommand("netns", "del", name)
		}
	}()
	steps := [][]string{{"netns", "add", hub}, {"-n", hub, "link", "set", "lo", "up"}, {"-n", hub, "link", "add", "hub", "type", "bridge"},
		{"-n", hub, "addr", "add", hubHost().ip + "/24", "dev", "hub"}, {"-n", hub, "link", "set", "hub", "up"}}
	for name, h := range hosts(names) {
		made = append(made, h.namespace)
		cable := "to-" + name
		steps = append(steps, [][]string{
			{"netns", "add", h.namespace}, {"-n", h.namespace, "link", "set", "lo", "up"},
			{"-n", hub, "link", "add", cable, "type", "veth", "peer", "name", "hub", "netns", h.namespace},
			{"-n", hub, "link", "set", cable, "master", "hub", "up"},
			{"-n", h.namespace, "addr", "add", h.ip + "/24", "dev", "hub"}, {"-n", h.namespace, "link", "set", "hub", "up"},
		}...)
	}
	for _, step := range steps {
		if err := ipCommand(step...); err != nil {
			return err
		}
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	inside := exec.CommandContext(ctx, "ip", append([]string{"netns", "exec", hub, self}, os.Args[1:]...)...)
	inside.Cancel = func() error { return inside.Process.Signal(syscall.SIGTERM) }
	inside.Stdout, inside.Stderr = os.Stdout, os.Stderr
	return inside.Run()
}

func ipCommand(args ...string) error {
	out, err := exec.Command("ip", args...).CombinedOutput()
	if err != nil {
		return errors.Join(fmt.Errorf("ip %s: %s", strings.Join(args, " "), strings.TrimSpace(string(out))), err)
	}
	return nil
}
