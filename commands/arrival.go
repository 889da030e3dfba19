package commands

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"path"
	"strings"
	"time"

	"linienfunk/bots/ending"
	"linienfunk/report"
	"linienfunk/settings"
	"linienfunk/settings/chain"
	"linienfunk/transit"
	"linienfunk/transit/network"
)

// MaxArrivalFile is the largest file of a city in bytes that is taken in: see ReadArrival.
const MaxArrivalFile = 64 << 20

// Limits of what is unpacked of it, in bytes. What is not used is not unpacked.
const (
	maxArrivalFiles       = 100 // in the zip
	maxArrivalAbout       = 64 << 10
	maxArrivalSettings    = 4 << 20
	maxArrivalNetwork     = 64 << 20
	maxArrivalSubscribers = 64 << 20
	maxArrivals           = 200_000 // subscribers
)

// Arrival is a city that comes from another instance, as its file has it: nothing in it is to be trusted.
type Arrival struct {
	City, Title string
	At          time.Time        // when the file was made
	Document    []byte           // of the settings
	Network     *network.Network // nil if the city had none
	WithPeople  bool             // the file has subscribers, if only an empty list
	Subscribers []arrivingPerson
}

// arrivingPerson is a line of subscribers.json.
type arrivingPerson struct {
	Network string          `json:"network"`
	Address string          `json:"address"`
	Kind    string          `json:"kind"`
	Wants   json.RawMessage `json:"wants"`
	Consent *ending.Consent `json:"consent"`
}

// ReadArrival reads the file of a city that Export has written, on this instance or another one. Files whose form it does not know are left alone. Its errors are refusals of the
// parameter "file".
func ReadArrival(from io.ReaderAt, size int64) (*Arrival, error) {
	if size > MaxArrivalFile {
		return nil, wrong("file", "refused-file-large", "Limit", MaxArrivalFile>>20)
	}
	packed, err := zip.NewReader(from, size)
	if err != nil {
		return nil, wrong("file", "refused-file-zip")
	}
	if len(packed.File) > maxArrivalFiles {
		return nil, wrong("file", "refused-file-city")
	}
	files := map[string]*zip.File{}
	for _, one := range packed.File {
		name := path.Base(strings.ReplaceAll(one.Name, `\`, "/")) // somebody may have packed it again, in a directory
		if files[name] != nil {
			return nil, wrong("file", "refused-file-city")
		}
		files[name] = one
	}
	a := &Arrival{}
	for _, part := range []struct {
		name  string
		limit int64
		read  func(text []byte) error
	}{
		{"about.json", maxArrivalAbout, a.readAbout}, {"settings.json", maxArrivalSettings, a.readSettings}, {"network.json", maxArrivalNetwork, a.readNetwork},
		{"subscribers.json", maxArrivalSubscribers, a.readSubscribers},
	} {
		if err := readPart(files[part.name], part.name, part.limit, part.read); err != nil {
			return nil, err
		}
	}
	return a, nil
}

// readPart unpacks one file as far as its limit, whatever size the zip says that it has.
func readPart(file *zip.File, name string, limit int64, read func(text []byte) error) error {
	if file == nil {
		if name == "about.json" || name == "settings.json" {
			return wrong("file", "refused-file-city")
		}
		return nil
	}
	unpacked, err := file.Open()
	if err != nil {
		return wrong("file", "refused-file-damaged", "File", name)
	}
	defer unpacked.Close()
	text, err := io.ReadAll(io.LimitReader(unpacked, limit+1))
	switch {
	case int64(len(text)) > limit:
		return wrong("file", "refused-file-part", "File", name, "Limit", limit>>10)
	case err != nil:
		return wrong("file", "refused-file-damaged", "File", name)
	}
	err = read(text)
	if err != nil && AsRefusals(err) == nil {
		return wrong("file", "refused-file-damaged", "File", name)
	}
	return err
}

func (a *Arrival) readAbout(text []byte) error {
	var about exportAbout
	if err := json.Unmarshal(text, &about); err != nil {
		return err
	}
	if about.Format != exportFormat {
		return wrong("file", "refused-file-format", "Format", report.Cut(report.Clean(about.Format), 40))
	}
	a.City, a.Title, a.At = report.Cut(report.Clean(about.City), 40), report.Cut(report.Clean(about.Title), settings.MaxTitle), about.At
	return nil
}

func (a *Arrival) readSettings(text []byte) (err error) {
	if a.Document, err = settings.ReadExport(text); err == nil && len(a.Document) > chain.MaxDocument {
		err = settings.ErrFormat
	}
	return err
}

func (a *Arrival) readNetwork(text []byte) (err error) {
	if string(bytes.TrimSpace(text)) == "null" {
		return nil
	}
	if a.Network, err = network.DecodeForeign(text); err == nil && len(a.Network.Stops) > transit.MaxCityStops {
		err = network.ErrForeign
	}
	return err
}

// readSubscribers reads the list person by person, so that one that is too long is not in memory as a whole.
func (a *Arrival) readSubscribers(text []byte) error {
	list := json.NewDecoder(bytes.NewReader(text))
	if token, err := list.Token(); err != nil || token != json.Delim('[') {
		return errors.Join(err, errors.New("subscribers.json is no list"))
	}
	for list.More() {
		var one arrivingPerson
		if err := list.Decode(&one); err != nil {
			return err
		}
		if a.Subscribers = append(a.Subscribers, one); len(a.Subscribers) > maxArrivals {
			return wrong("file", "refused-file-people", "Limit", maxArrivals)
		}
	}
	a.WithPeople = true
	_, err := list.Token()
	return err
}
