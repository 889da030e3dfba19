// Package kit holds what several networks share: a table of accounts with sealed credentials (Accounts), logins by OAuth
// (Logins), and the pages to connect, check and disconnect an account (Pages); Bot is all three. A network uses the parts that fit it.
package kit

import (
	"embed"
	"io/fs"
	"strings"
	"testing/fstest"

	"github.com/BurntSushi/toml"
)

//go:embed *.html locale.*.toml
var files embed.FS

// Files returns a network's templates and texts together with those of this package, for Plugin.Files. A file or text of the
// network takes the place of one that has the same name here. The network's own files are:
//
//	connect-form.html    the form that posts to {{.Path}}/connect, which settings.html includes
//	how-to-report.html   what public.html says below the link to the account
//	notes.html           what settings.html says about a connected account; may be missing
//	locale.*.toml        the texts bot-title and not-connected, those of the files above and of its options
func Files(own fs.FS) fs.FS {
	all := fstest.MapFS{}
	for _, source := range []fs.FS{files, own} {
		names, _ := fs.Glob(source, "*") // fails for a bad pattern only
		for _, name := range names {
			text, err := fs.ReadFile(source, name)
			if err != nil {
				continue
			}
			if before, ok := all[name]; ok && strings.HasPrefix(name, "locale.") {
				text = mergeTexts(before.Data, text)
			}
			all[name] = &fstest.MapFile{Data: text}
		}
	}
	return all
}

// mergeTexts returns the texts of both, those of own first. Texts that cannot be parsed stay as they are: the program then
// reports them when it starts.
func mergeTexts(shared, own []byte) []byte {
	texts := map[string]any{}
	for _, source := range [][]byte{shared, own} {
		if toml.Unmarshal(source, &texts) != nil {
			return own
		}
	}
	merged, err := toml.Marshal(texts)
	if err != nil {
		return own
	}
	return merged
}
