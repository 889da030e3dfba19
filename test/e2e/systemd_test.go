package e2e

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"linienfunk/internal/testkit"
	"linienfunk/test/harness"
)

// A test holds the ports, as systemd does, so that the program could not open them itself.
func TestTheProgramTakesItsPortsFromSystemdAndTellsItThatItLives(t *testing.T) {
	t.Parallel()
	mails := harness.NewMailServer(t)
	c := harness.Config(t, mails)
	var files []*os.File
	for _, address := range []*string{&c.HTTP, &c.SMTP} {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { listener.Close() })
		file, err := listener.(*net.TCPListener).File()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { file.Close() })
		*address, files = listener.Addr().String(), append(files, file)
	}
	c.BaseURL = "http://" + c.HTTP
	dir, err := os.MkdirTemp("", "sd") // the path of a socket is short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	path := filepath.Join(dir, "notify")
	said, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { said.Close() })
	states := make(chan string, 1000)
	go func() {
		for buffer := make([]byte, 1000); ; {
			n, err := said.Read(buffer)
			if err != nil {
				return
			}
			states <- string(buffer[:n])
		}
	}()
	p := harness.NewProcess(t, c)
	p.Change = func(command *exec.Cmd) {
		command.Path, command.Args = "/bin/sh", append([]string{"sh", "-c", `LISTEN_PID=$$ exec "$@"`, "sh"}, command.Args...)
		command.ExtraFiles = files
		command.Env = append(command.Env, "LISTEN_FDS=2", "LISTEN_FDNAMES=http:smtp", "NOTIFY_SOCKET="+path, "WATCHDOG_USEC=1000000")
	}
	p.Start()
	for _, want := range []string{"READY=1", "WATCHDOG=1", "WATCHDOG=1"} {
		if got := testkit.Next(t, states); got != want {
			t.Errorf("systemd hears %q, want %q", got, want)
		}
	}
	admin := harness.NewBrowser(t, c.BaseURL)
	admin.Register(mails, "zuerich", "Zürich")
	admin.SetLists("zuerich", "Zürich", "kontrolle", "")
	if err := harness.TrySendMail(c.SMTP, "zuerich", "kontrolle auf einem fremden port"); err != nil {
		t.Fatal(err)
	}
	admin.WaitForText("/c/zuerich", "kontrolle auf einem fremden port")
	p.Signal(syscall.SIGTERM)
	if err := p.Wait(); err != nil {
		t.Error(err)
	}
	var rest []string
	testkit.Eventually(t, "systemd hears that it stops", func() bool {
		rest = append(rest, testkit.Next(t, states))
		return slices.Contains(rest, "STOPPING=1")
	})
}

func TestASocketOfSystemdWithAnotherNameIsRefused(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	file, err := listener.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	command := exec.Command("/bin/sh", "-c", `LISTEN_PID=$$ exec "$0" serve --config /dev/null`, os.Args[0])
	command.ExtraFiles = []*os.File{file}
	command.Env = append(os.Environ(), harness.AsProgram+"=1", "LISTEN_FDS=1", "LISTEN_FDNAMES=smpt", "LINIENFUNK_DATA="+t.TempDir())
	if out, err := command.CombinedOutput(); err == nil || !strings.Contains(string(out), "FileDescriptorName=smpt") {
		t.Errorf("%v\n%s", err, out)
	}
}
