package censor

import (
	"testing"

	"linienfunk/report"
	"linienfunk/transit/network"
	"linienfunk/transit/read"
)

func TestEntriesStandForWhatAReportSays(t *testing.T) {
	t.Parallel()
	line, stop := Said{Line: true}, Said{Stop: true}
	both := Said{Line: true, Stop: true, Kind: read.Inspectors}
	tests := []struct {
		name, entry, text string
		said              Said
		want              bool
	}{
		{"@line matches a report with a line", "@line", "nothing else", line, true},
		{"@line does not match the word", "@line", "@line line", Said{}, false},
		{"@line matches in any case", "@Line", "", line, true},
		{"@stop matches a report with a stop", "@stop", "", stop, true},
		{"@direction matches a report with a direction", "@direction", "", Said{Direction: true}, true},
		{"@inspectors matches a report about inspectors", "@inspectors", "", both, true},
		{"@police does not match a report about inspectors", "@police", "", both, false},
		{"@police matches a report about the police", "@police", "", Said{Kind: read.Police}, true},
		{"@disruption matches a report about a disruption", "@disruption", "", Said{Kind: read.Disruption}, true},
		{"@gone matches a report that they have left", "@gone", "", Said{Kind: read.Gone}, true},
		{"@question matches a question", "@question", "", Said{Kind: read.Question}, true},
		{"@line + @stop matches both together", "@line + @stop", "", both, true},
		{"@line + @stop does not match a line alone", "@line + @stop", "", line, false},
		{"a word and a meaning match together", "blau + @stop", "zwei Blau", stop, true},
		{"a word alone does not match a combination", "blau + @stop", "zwei Blau", line, false},
		{"a meaning alone does not match a combination", "blau + @stop", "zwei", stop, false},
		{"words match in any order", "hermann* + u8", "U8 am Hermannplatz", Said{}, true},
		{"all words must match", "hermann* + u8 + zwei", "U8 am Hermannplatz", Said{}, false},
		{"a plus sign without spaces is part of a word", "s+u", "S+U Hauptbahnhof", Said{}, true},
		{"the name of an account is an entry as it stands", "@kontrolle", "danke @kontrolle", Said{}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := mustCompile(t, []string{tt.entry}, nil).Evaluate(tt.text, tt.said).Passed; got != tt.want {
				t.Errorf("as a trigger: passed = %t", got)
			}
			if got := !mustCompile(t, []string{"*"}, []string{tt.entry}).Evaluate(tt.text, tt.said).Passed; got != tt.want {
				t.Errorf("as a blocked entry: blocked = %t", got)
			}
		})
	}
}

func TestTheFirstLineIsNamedWhetherItIsAWordOrAMeaning(t *testing.T) {
	t.Parallel()
	f := mustCompile(t, []string{"kontrolle", "@line", "@line + @stop", "zwei + @line"}, nil)
	for text, rule := range map[string]string{"Kontrolle zwei": "kontrolle", "zwei": "@line"} {
		if got := f.Evaluate(text, Said{Line: true, Stop: true}); !got.Passed || got.Rule != rule {
			t.Errorf("%s: %+v", text, got)
		}
	}
}

func TestRulesReadAReportWithTheNetworkOfTheCity(t *testing.T) {
	t.Parallel()
	n, err := network.FromLists("U8: Wittenau, Hermannplatz, Hermannstraße", "")
	if err != nil {
		t.Fatal(err)
	}
	reader, err := read.New(n, read.Options{Languages: []string{"de"}})
	if err != nil {
		t.Fatal(err)
	}
	rules := Rules{Filter: mustCompile(t, []string{"@line + @stop"}, nil), Reader: reader}
	v, means := rules.Evaluate("u8 hermannplatz 2 blauwesten", read.Context{})
	if want := (report.Verdict{Passed: true, List: report.Triggers, Rule: "@line + @stop", Line: 1}); v != want || len(means.Stops) != 1 {
		t.Errorf("%+v, %+v", v, means)
	}
	if v, _ := rules.Evaluate("wer fährt heute zum see?", read.Context{}); v.Passed {
		t.Errorf("%+v", v)
	}
	rules.Filter = mustCompile(t, []string{"blau*"}, nil)
	if v, means := rules.Evaluate("u8 hermannplatz 2 blauwesten", read.Context{}); !v.Passed || len(means.Lines) != 1 {
		t.Errorf("a report that passed by a word was not read: %+v, %+v", v, means)
	}
}
