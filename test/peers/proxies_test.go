package peers

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"linienfunk/internal/config"
	"linienfunk/internal/testkit"
	"linienfunk/test/harness"
)

const deploy = "../../deploy"

// certify writes a certificate for this machine, and its key.
func certify(t *testing.T, certificate, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "linienfunk.example"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour)}
	made, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	must(t, err)
	encoded, err := x509.MarshalPKCS8PrivateKey(private)
	must(t, err, os.WriteFile(certificate, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: made}), 0o600),
		os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: encoded}), 0o600))
}

// start runs a server until the test ends, and returns when it listens.
func start(t *testing.T, address string, command *exec.Cmd) {
	t.Helper()
	var out testkit.LogBuffer
	command.Stdout, command.Stderr = &out, &out
	must(t, command.Start())
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
		if t.Failed() {
			t.Log(out.String())
		}
	})
	testkit.Eventually(t, command.Path+" listens", func() bool {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			conn.Close()
		}
		return err == nil
	})
}

// example reads an example of deploy, and replaces what belongs to another machine. All of it must be there.
func example(t *testing.T, name string, replace ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(deploy, name))
	must(t, err)
	for i := 0; i < len(replace); i += 2 {
		if !strings.Contains(string(text), replace[i]) {
			t.Fatalf("%s does not have %q", name, replace[i])
		}
	}
	return strings.NewReplacer(replace...).Replace(string(text))
}

// startNginx starts Debian's nginx with the example, in front of the program at target, and returns its address.
func startNginx(t *testing.T, target string) string {
	dir := publicDir(t, 0o755)
	address, plain := harness.FreePort(t), harness.FreePort(t)
	certify(t, filepath.Join(dir, "fullchain.pem"), filepath.Join(dir, "privkey.pem"))
	server := example(t, "nginx/linienfunk.conf", "listen [::]:80;", "", "listen [::]:443 ssl http2;", "", "listen 80;", "listen "+plain+";", "listen 443 ssl http2;", "listen "+address+" ssl http2;",
		"/etc/linienfunk/", dir+"/", "127.0.0.1:8080", target)
	text := fmt.Sprintf("user root;\ndaemon off;\nmaster_process off;\npid %[1]s/pid;\nerror_log stderr;\nevents {}\nhttp {\naccess_log off;\nclient_body_temp_path %[1]s/body;\nproxy_temp_path %[1]s/proxy;\n"+
		"fastcgi_temp_path %[1]s/f;\nuwsgi_temp_path %[1]s/u;\nscgi_temp_path %[1]s/s;\n%[2]s\n}\n", dir, server)
	path := filepath.Join(dir, "nginx.conf")
	must(t, os.WriteFile(path, []byte(text), 0o600))
	run(t, "nginx", "-t", "-c", path, "-e", "stderr")
	start(t, address, exec.Command("nginx", "-c", path, "-e", "stderr"))
	return "https://" + address
}

// startCaddy is startNginx with Debian's Caddy, without TLS: the certificates are the business of Caddy alone.
func startCaddy(t *testing.T, target string) string {
	dir, address := t.TempDir(), harness.FreePort(t)
	text := "{\n\tadmin off\n}\n" + example(t, "caddy/Caddyfile", "linienfunk.example {", "http://"+address+" {", "127.0.0.1:8080", target)
	path := filepath.Join(dir, "Caddyfile")
	must(t, os.WriteFile(path, []byte(text), 0o600))
	run(t, "caddy", "validate", "--adapter", "caddyfile", "--config", filepath.Join(deploy, "caddy", "Caddyfile"))
	command := exec.Command("caddy", "run", "--adapter", "caddyfile", "--config", path)
	command.Env = append(os.Environ(), "HOME="+dir, "XDG_DATA_HOME="+dir, "XDG_CONFIG_HOME="+dir)
	start(t, address, command)
	return "http://" + address
}

func TestTheExamplesForReverseProxiesPassStreamsOnAndBelieveNoVisitor(t *testing.T) {
	t.Parallel()
	for name, proxy := range map[string]func(t *testing.T, target string) string{"nginx": startNginx, "caddy": startCaddy} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			needs(t, name)
			mails := harness.NewMailServer(t)
			c := harness.Config(t, mails)
			c.Networks = []config.Key{{Network: "web", Name: "address_limit", Value: "1"}}
			p, _ := harness.Start(t, c)
			admin := harness.NewBrowser(t, p.URL())
			admin.Register(mails, "zuerich", "Zürich")
			admin.SetLists("zuerich", "Zürich", "kontrolle", "")
			base := proxy(t, c.HTTP)
			visitor := harness.NewBrowser(t, base)
			visitor.Client.Transport = &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
			waitFor := visitor.Live("zuerich")
			harness.SendMail(t, p, "zuerich", "kontrolle durch den proxy")
			waitFor("kontrolle durch den proxy") // in a stream that goes on

			form := url.Values{}
			for pairs := harness.FormFields(visitor.Get("/c/zuerich"), "/c/zuerich/web/report"); len(pairs) > 0; pairs = pairs[2:] {
				form.Set(pairs[0], pairs[1])
			}
			report := func(base, from, text string) int {
				form.Set("text", text)
				request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+"/c/zuerich/web/report", strings.NewReader(form.Encode()))
				must(t, err)
				request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				request.Header.Set("X-Forwarded-For", from)
				answer, err := visitor.Client.Do(request)
				must(t, err)
				answer.Body.Close()
				return answer.StatusCode
			}
			refused := 0
			for i := range 8 {
				if report(base, fmt.Sprintf("203.0.113.%d", i), fmt.Sprint("kontrolle mit falschem absender ", i)) == http.StatusTooManyRequests {
					refused++
				}
			}
			if refused == 0 {
				t.Error("eight reports of one visitor with forged addresses were taken, although one a minute is allowed")
			}
		})
	}
}

func TestTheUnitsOfSystemdAreValidAndLeaveTheProgramLittle(t *testing.T) {
	t.Parallel()
	needs(t, "systemd-analyze")
	dir := t.TempDir()
	units, err := filepath.Glob(filepath.Join(deploy, "systemd", "*"))
	must(t, err)
	args := []string{"verify"}
	for _, unit := range units {
		text, err := os.ReadFile(unit)
		must(t, err)
		path := filepath.Join(dir, filepath.Base(unit))
		must(t, os.WriteFile(path, []byte(strings.ReplaceAll(string(text), "/usr/local/bin/linienfunk", "/bin/true")), 0o600))
		args = append(args, path)
	}
	if len(units) != 3 {
		t.Errorf("%q", units)
	}
	verify := exec.Command("systemd-analyze", args...)
	verify.Env = append(os.Environ(), "SYSTEMD_UNIT_PATH="+dir+":")
	if out, err := verify.CombinedOutput(); err != nil || strings.Contains(string(out), dir) || strings.Contains(string(out), "linienfunk") {
		t.Errorf("%v\n%s", err, out)
	}
	run(t, "systemd-analyze", "security", "--offline=true", "--threshold=11", filepath.Join(deploy, "systemd", "linienfunk.service")) // 1.1 of 10
}
