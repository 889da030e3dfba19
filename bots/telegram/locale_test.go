package telegram

import (
	"io/fs"
	"regexp"
	"slices"
	"testing"

	"github.com/BurntSushi/toml"
)

func TestEveryTextIsThereInBothLanguages(t *testing.T) {
	texts := map[string]map[string]string{}
	for _, lang := range []string{"en", "de"} {
		var all map[string]string
		if _, err := toml.DecodeFS(files, "locale."+lang+".toml", &all); err != nil {
			t.Fatal(err)
		}
		texts[lang] = all
	}
	for id := range texts["en"] {
		if texts["de"][id] == "" {
			t.Errorf("%s is not in German", id)
		}
	}
	for id := range texts["de"] {
		if texts["en"][id] == "" {
			t.Errorf("%s is not in English", id)
		}
	}
	var pages []string
	for _, name := range []string{"settings.html", "public.html"} {
		page, err := fs.ReadFile(files, name)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range regexp.MustCompile(`{{t "([^"]+)"`).FindAllStringSubmatch(string(page), -1) {
			pages = append(pages, found[1])
		}
	}
	for _, id := range slices.Compact(pages) {
		if texts["en"][id] == "" {
			t.Errorf("%s is used by a page, but not there", id)
		}
	}
}
