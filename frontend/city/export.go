package city

import (
	"net/http"
	"strconv"

	"linienfunk/db"
	"linienfunk/settings"
)

// export answers with the city's settings as a file.
func (p *Pages) export(w http.ResponseWriter, _ *http.Request, _ db.Admin, city settings.Snapshot) error {
	file, err := settings.NewExport(city.City, city.Hash, city.Document)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Disposition", `attachment; filename="linienfunk-`+city.City+`.json"`)
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Length", strconv.Itoa(len(file)))
	_, _ = w.Write(file) // an error means that the visitor has left
	return nil
}
