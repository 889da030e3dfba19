package peers

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"linienfunk/internal/config"
	"linienfunk/internal/observe"
	"linienfunk/internal/testkit"
	"linienfunk/test/harness"
)

// What deploy/ has for operators.
const (
	prometheusDir = "../../deploy/prometheus"
	dashboard     = "../../deploy/grafana/linienfunk.json"
	exampleTarget = "127.0.0.1:9464" // in prometheus.yml, and in docs/operators.md
)

func TestPromtoolAcceptsTheConfigurationAndTheAlertsDoWhatTheirTestsSay(t *testing.T) {
	t.Parallel()
	needs(t, "promtool")
	for _, args := range [][]string{{"check", "config", "prometheus.yml"}, {"check", "rules", "alerts.yml"}, {"test", "rules", "alerts.test.yml"}} {
		args[2] = filepath.Join(prometheusDir, args[2])
		run(t, "promtool", args...)
	}
}

// prometheus is a running Prometheus.
type prometheus struct {
	t       *testing.T
	address string
}

// startPrometheus starts Debian's Prometheus with the example configuration, which reads one target instead of the example's, once a second.
func startPrometheus(t *testing.T, target string) prometheus {
	t.Helper()
	dir := t.TempDir()
	text, err := os.ReadFile(filepath.Join(prometheusDir, "prometheus.yml"))
	must(t, err)
	if !strings.Contains(string(text), exampleTarget) {
		t.Fatalf("prometheus.yml does not name %s", exampleTarget)
	}
	text = []byte(strings.NewReplacer(exampleTarget, target, "interval: 15s", "interval: 1s").Replace(string(text)))
	rules, err := os.ReadFile(filepath.Join(prometheusDir, "alerts.yml"))
	must(t, err, os.WriteFile(filepath.Join(dir, "prometheus.yml"), text, 0o600), os.WriteFile(filepath.Join(dir, "alerts.yml"), rules, 0o600))
	p := prometheus{t, harness.FreePort(t)}
	log := filepath.Join(dir, "log")
	script := fmt.Sprintf(`prometheus --config.file="$1/prometheus.yml" --storage.tsdb.path="$1/data" --web.listen-address=%s >"$1/log" 2>&1 &
cat
kill $!
wait $! || [ $? = 143 ]`, p.address)
	runScript(t, script, dir, log)
	testkit.Eventually(t, "Prometheus is ready", func() bool {
		answer, err := http.Get("http://" + p.address + "/-/ready")
		if err != nil {
			return false
		}
		answer.Body.Close()
		return answer.StatusCode == http.StatusOK
	})
	return p
}

// get asks the API for something and decodes its data.
func (p prometheus) get(path string, data any) error {
	answer, err := http.Get("http://" + p.address + "/api/v1/" + path)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	var envelope struct {
		Status, Error string
		Data          json.RawMessage
	}
	if err := json.NewDecoder(answer.Body).Decode(&envelope); err != nil {
		return err
	}
	if envelope.Status != "success" {
		return fmt.Errorf("%s: %s", answer.Status, envelope.Error)
	}
	return json.Unmarshal(envelope.Data, data)
}

// query returns the number of series in the result of an expression.
func (p prometheus) query(expr string) (series int, err error) {
	var found struct{ Result []json.RawMessage }
	err = p.get("query?query="+url.QueryEscape(expr), &found)
	return len(found.Result), err
}

func TestPrometheusReadsARunningProgramAndEvaluatesAlertsAndDashboard(t *testing.T) {
	t.Parallel()
	needs(t, "prometheus")
	s := newProgram(t, func(c *config.Config) { c.Metrics.Listen = "127.0.0.1:0" })
	p := startPrometheus(t, strings.TrimPrefix(s.MetricsURL(), "http://"))
	harness.SendMail(t, s.Program, "zuerich", "kontrolle u8 hermannplatz")
	s.waitForReport(t, "zuerich", "kontrolle u8 hermannplatz")
	testkit.Eventually(t, "Prometheus has read the report's delivery", func() bool {
		n, err := p.query(`linienfunk_deliveries_total{network="web", status="sent"} == 1`)
		return err == nil && n == 1
	})
	p.checkRules()
	p.checkDashboard()
}

// checkRules waits until all rules were evaluated, and expects that none failed, none fires, and all name metrics of the program.
func (p prometheus) checkRules() {
	p.t.Helper()
	var found struct {
		Groups []struct {
			Rules []struct{ Name, Query, Health, State, LastError string }
		}
	}
	testkit.Eventually(p.t, "the rules are evaluated", func() bool {
		if err := p.get("rules", &found); err != nil || len(found.Groups) != 1 {
			return false
		}
		for _, rule := range found.Groups[0].Rules {
			if rule.Health == "unknown" {
				return false
			}
		}
		return true
	})
	for _, rule := range found.Groups[0].Rules {
		if rule.Health != "ok" || rule.State != "inactive" {
			p.t.Errorf("%s: %s, %s: %s", rule.Name, rule.Health, rule.State, rule.LastError)
		}
		p.checkNames(rule.Name, rule.Query)
	}
}

// checkDashboard runs the query of each panel.
func (p prometheus) checkDashboard() {
	p.t.Helper()
	text, err := os.ReadFile(dashboard)
	must(p.t, err)
	var board struct {
		Panels []struct {
			Type, Title string
			Targets     []struct{ Expr string }
		}
	}
	must(p.t, json.Unmarshal(text, &board))
	queries := 0
	for _, panel := range board.Panels {
		if panel.Type != "row" && len(panel.Targets) == 0 {
			p.t.Errorf("the panel %s has no query", panel.Title)
		}
		for _, target := range panel.Targets {
			queries++
			expr := strings.ReplaceAll(target.Expr, "$__rate_interval", "1m") // Grafana replaces it
			if _, err := p.query(expr); err != nil {
				p.t.Errorf("the panel %s: %s: %v", panel.Title, expr, err)
			}
			p.checkNames(panel.Title, expr)
		}
	}
	if queries < 20 {
		p.t.Errorf("the dashboard has %d queries", queries)
	}
}

var metricName = regexp.MustCompile(`\b(?:linienfunk|process|go|up)(?:_[a-z_]+|\b)`)

// checkNames expects that an expression names only metrics of the program, or those that Prometheus has read from it.
func (p prometheus) checkNames(where, expr string) {
	p.t.Helper()
	expr = regexp.MustCompile(`\{[^}]*\}|"[^"]*"`).ReplaceAllString(expr, "") // labels
	names := metricName.FindAllString(expr, -1)
	if len(names) == 0 {
		p.t.Errorf("%s names no metric: %s", where, expr)
	}
	for _, name := range names {
		base := name
		for _, suffix := range []string{"_bucket", "_count", "_sum"} {
			base = strings.TrimSuffix(base, suffix)
		}
		if slices.Contains(observe.Names(), base) {
			continue
		}
		if n, err := p.query(name); err != nil || n == 0 || strings.HasPrefix(name, "linienfunk") {
			p.t.Errorf("%s names %s, which does not exist (%v)", where, name, err)
		}
	}
}
