package templates

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
)

//go:embed static
var staticFiles embed.FS

// staticPath is the address below which Static serves, with a hash of all the files in it: it changes whenever one of
// them does, so that browsers may cache them forever.
func staticPath() (string, error) {
	h := sha256.New()
	err := fs.WalkDir(staticFiles, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := staticFiles.ReadFile(path)
		fmt.Fprintf(h, "%s %d\n%s", path, len(text), text)
		return err
	})
	return "/static/" + hex.EncodeToString(h.Sum(nil))[:12] + "/", err
}

// Static serves /static/{hash}/{file}, to be mounted under that pattern. A page from before an update requests an
// old hash: it gets the present file, without permission to cache it.
func Static() (http.Handler, error) {
	path, err := staticPath()
	if err != nil {
		return nil, fmt.Errorf("static files: %w", err)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		cache := "no-cache"
		if "/static/"+r.PathValue("hash")+"/" == path {
			cache = "public, max-age=31536000, immutable"
		}
		name := "static/" + r.PathValue("file")
		if info, err := fs.Stat(staticFiles, name); err != nil || info.IsDir() {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Cache-Control", cache)
		http.ServeFileFS(w, r, staticFiles, name)
	}), nil
}
