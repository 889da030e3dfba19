package app

import (
	"context"
	"fmt"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-systemd/v22/activation"
	"github.com/coreos/go-systemd/v22/daemon"

	"linienfunk/internal/wait"
)

// socketKeys are the keys of the configuration whose port systemd can open, as FileDescriptorName= of a socket unit. What the key says does not count then.
var socketKeys = []string{"http", "smtp"}

// passedSockets returns the ports that systemd has opened for this process, by key; none without systemd.
func passedSockets() (map[string]net.Listener, error) {
	passed, err := activation.ListenersWithNames()
	if err != nil {
		return nil, fmt.Errorf("sockets of systemd: %w", err)
	}
	byKey := map[string]net.Listener{}
	for _, name := range slices.Sorted(maps.Keys(passed)) {
		switch all := passed[name]; {
		case !slices.Contains(socketKeys, name):
			return nil, fmt.Errorf("sockets of systemd: there is one with FileDescriptorName=%s, and this program takes %s", name, strings.Join(socketKeys, " and "))
		case len(all) > 1:
			return nil, fmt.Errorf("sockets of systemd: %d have FileDescriptorName=%s; use one ListenStream= for both IPv4 and IPv6, such as 25", len(all), name)
		default:
			byKey[name] = all[0]
		}
	}
	return byKey, nil
}

// bind returns the port of a key: the one that systemd has opened, or a new one.
func (p *Program) bind(key, address string) (net.Listener, error) {
	if passed := p.passed[key]; passed != nil {
		return passed, nil
	}
	return bind(key, address)
}

// notify tells systemd about the state of the program, if it was started by systemd with Type=notify.
func (p *Program) notify(state string) {
	if _, err := daemon.SdNotify(false, state); err != nil {
		p.log.Warn("cannot tell systemd about the program's state", "state", state, "err", err)
	}
}

// tellSystemd says that the program is ready, until ctx ends that it lives, and then that it stops.
func (p *Program) tellSystemd(ctx context.Context) {
	p.notify(daemon.SdNotifyReady)
	interval, err := daemon.SdWatchdogEnabled(false)
	if err != nil {
		p.log.Warn("the watchdog of systemd is not served", "err", err)
	}
	if interval > 0 {
		wait.Every(ctx, interval/3, func() {
			if p.answers(ctx, interval/3) {
				p.notify(daemon.SdNotifyWatchdog)
			}
		})
	}
	<-ctx.Done()
	p.notify(daemon.SdNotifyStopping)
}

// answers reports whether the pages answer, whatever they say: a database that is away is no reason to be started again.
func (p *Program) answers(ctx context.Context, within time.Duration) bool {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.Replace(p.URL(), "//localhost:", "//127.0.0.1:", 1)+"/healthz", nil)
	if err != nil {
		return false
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		p.log.Warn("the pages do not answer: the watchdog of systemd will end the program", "err", err)
		return false
	}
	answer.Body.Close()
	return true
}
