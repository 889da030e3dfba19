// Package archive reads and writes backups: a tar file, compressed with zstd, that ends with a manifest. Its sections are lines of text in files of about a
// megabyte, <section>/000001.jsonl and so on, so that tar and zstd are all that is needed to look into one.
package archive

import (
	"archive/tar"
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"
)

// Format is the version of what this program writes. It reads no other.
const Format = 1

const (
	headerFile   = "linienfunk-backup.json"
	manifestFile = "manifest.json"
	fileSize     = 1 << 20   // a file of a section is closed once it has as many bytes
	maxFileSize  = 256 << 20 // no line is longer
	maxWindow    = 64 << 20  // of memory for what is decompressed
)

// ErrDamaged is returned by Read for a file that is no whole archive: cut off, changed, or something else.
var ErrDamaged = errors.New("not a complete backup")

// Digest says what a section has. Sum does not depend on the order of the lines.
type Digest struct {
	Lines int    `json:"lines"`
	Sum   string `json:"sum"` // SHA-256 of each line, without its end, XORed; hexadecimal
}

// Summer adds up a Digest.
type Summer struct {
	lines int
	sum   [sha256.Size]byte
}

// Add counts a line.
func (s *Summer) Add(line []byte) {
	s.lines++
	for i, b := range sha256.Sum256(line) {
		s.sum[i] ^= b
	}
}

// Digest is that of the lines so far.
func (s *Summer) Digest() Digest { return Digest{s.lines, hex.EncodeToString(s.sum[:])} }

// header is the first file.
type header struct {
	Format int `json:"format"`
}

// manifest is the last file.
type manifest struct {
	Format   int               `json:"format"`
	Sections map[string]Digest `json:"sections"`
	About    json.RawMessage   `json:"about"`
}

// Writer writes an archive.
type Writer struct {
	packed   *zstd.Encoder
	tar      *tar.Writer
	now      time.Time
	section  string
	files    map[string]int
	lines    bytes.Buffer
	sections map[string]*Summer
}

// NewWriter begins an archive whose files have the time now.
func NewWriter(w io.Writer, now time.Time) (*Writer, error) {
	packed, err := zstd.NewWriter(w, zstd.WithEncoderConcurrency(1)) // with checksums
	if err != nil {
		return nil, err
	}
	a := &Writer{packed: packed, tar: tar.NewWriter(packed), now: now, files: map[string]int{}, sections: map[string]*Summer{}}
	return a, a.writeJSON(headerFile, header{Format})
}

// Section has the lines that follow written to a section. One that has no lines exists as well.
func (a *Writer) Section(name string) error {
	if err := a.flush(); err != nil {
		return err
	}
	a.section = name
	if a.sections[name] == nil {
		a.sections[name] = &Summer{}
	}
	return nil
}

// Line writes a line, which has no line feed.
func (a *Writer) Line(line []byte) error {
	if len(line) >= maxFileSize {
		return fmt.Errorf("%s: a line has %d bytes", a.section, len(line))
	}
	a.sections[a.section].Add(line)
	if a.lines.Len() > 0 && a.lines.Len()+len(line) >= fileSize {
		if err := a.flush(); err != nil {
			return err
		}
	}
	a.lines.Write(line)
	a.lines.WriteByte('\n')
	return nil
}

// flush writes the lines so far as a file.
func (a *Writer) flush() error {
	if a.lines.Len() == 0 {
		return nil
	}
	defer a.lines.Reset()
	a.files[a.section]++
	return a.write(fmt.Sprintf("%s/%06d.jsonl", a.section, a.files[a.section]), a.lines.Bytes())
}

func (a *Writer) write(name string, data []byte) error {
	if err := a.tar.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: int64(len(data)), ModTime: a.now}); err != nil {
		return err
	}
	_, err := a.tar.Write(data)
	return err
}

func (a *Writer) writeJSON(name string, value any) error {
	data, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return err
	}
	return a.write(name, append(data, '\n'))
}

// Close ends the archive with the manifest, in which about says where it comes from. Without Close there is none, and Read refuses the file.
func (a *Writer) Close(about any) error {
	if err := a.flush(); err != nil {
		return err
	}
	raw, err := json.Marshal(about)
	if err != nil {
		return err
	}
	m := manifest{Format: Format, Sections: map[string]Digest{}, About: raw}
	for name, s := range a.sections {
		m.Sections[name] = s.Digest()
	}
	if err := a.writeJSON(manifestFile, m); err != nil {
		return err
	}
	return errors.Join(a.tar.Close(), a.packed.Close())
}

// Read calls f for each line of each section, in the order in which they were written, and returns the digests of the sections once it has seen that they are
// those of the manifest, whose about it decodes. It returns an error that wraps ErrDamaged if the file is not a whole archive; f may have been called by then.
func Read(r io.Reader, about any, f func(section string, line []byte) error) (map[string]Digest, error) {
	unpacked, err := zstd.NewReader(bufio.NewReaderSize(r, 1<<20), zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
	if err != nil {
		return nil, err
	}
	defer unpacked.Close()
	reading := reading{tar: tar.NewReader(unpacked), f: f, sections: map[string]*Summer{}}
	m, err := reading.read()
	if err != nil {
		return nil, err
	}
	if _, err := io.Copy(io.Discard, unpacked); err != nil { // the last checksum comes behind the end of the tar file
		return nil, damaged(err)
	}
	if err := json.Unmarshal(m.About, about); err != nil {
		return nil, damaged(err)
	}
	return m.Sections, nil
}

func damaged(why any) error { return fmt.Errorf("%w: %v", ErrDamaged, why) }

// reading is one call of Read.
type reading struct {
	tar      *tar.Reader
	f        func(section string, line []byte) error
	sections map[string]*Summer
}

func (r *reading) read() (m manifest, err error) {
	first := true
	for {
		file, err := r.tar.Next()
		if err != nil { // also its end: it has no manifest
			return m, damaged(err)
		}
		if file.Typeflag != tar.TypeReg || file.Size > maxFileSize {
			return m, damaged("an unexpected file " + file.Name)
		}
		section, _, inSection := strings.Cut(file.Name, "/")
		switch {
		case first:
			var h header
			if err := r.decode(file, headerFile, &h); err != nil {
				return m, err
			}
			if h.Format != Format {
				return m, fmt.Errorf("the backup has format %d, and this program reads %d: restore it with the program that made it", h.Format, Format)
			}
			first = false
		case inSection:
			if err := r.readLines(section); err != nil {
				return m, err
			}
		default:
			if err := r.decode(file, manifestFile, &m); err != nil {
				return m, err
			}
			if _, err := r.tar.Next(); err != io.EOF {
				return m, damaged("the manifest is not the last file")
			}
			return m, r.compare(m)
		}
	}
}

func (r *reading) decode(file *tar.Header, name string, into any) error {
	if file.Name != name {
		return damaged(fmt.Sprintf("the file %q stands where %q should", file.Name, name))
	}
	data, err := io.ReadAll(r.tar)
	if err == nil {
		err = json.Unmarshal(data, into)
	}
	if err != nil {
		return damaged(err)
	}
	return nil
}

func (r *reading) readLines(section string) error {
	if r.sections[section] == nil {
		r.sections[section] = &Summer{}
	}
	lines := bufio.NewReaderSize(r.tar, 64<<10)
	for {
		line, err := lines.ReadBytes('\n')
		if err == io.EOF && len(line) == 0 {
			return nil
		}
		if err != nil { // also a line without an end
			return damaged(err)
		}
		line = line[:len(line)-1]
		r.sections[section].Add(line)
		if err := r.f(section, line); err != nil {
			return err
		}
	}
}

// compare compares what was read with the manifest.
func (r *reading) compare(m manifest) error {
	for name := range r.sections {
		if _, ok := m.Sections[name]; !ok {
			return damaged("the manifest does not know " + name)
		}
	}
	for name, want := range m.Sections {
		got := (&Summer{}).Digest()
		if s := r.sections[name]; s != nil {
			got = s.Digest()
		}
		if got != want {
			return damaged(fmt.Sprintf("%s has %d lines that are not the %d of the manifest", name, got.Lines, want.Lines))
		}
	}
	return nil
}
