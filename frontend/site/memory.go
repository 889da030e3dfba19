package site

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"hash/fnv"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"linienfunk/settings"
	"linienfunk/settings/chain"
)

// Limits of a Memory.
const (
	keptFor = 10 * time.Second // the age of an answer; a change whose announcement was lost shows after this time
	maxKept = 32 << 20         // bytes of all answers
)

// Memory keeps answers that are the same for all visitors with the same language, until the settings of their city change, or Drop
// announces another change.
type Memory struct {
	now     func() time.Time
	changes [4096]atomic.Uint64 // how often Drop was called, by hash of the city; cities with the same hash are dropped together

	mu   sync.Mutex
	kept map[keptKey]*Kept
	size int // bytes
}

type keptKey struct{ city, lang, name string }

// Kept is an answer, with status 200.
type Kept struct {
	header http.Header
	parts  [][]byte // of the body; a value of Mount.Once stands between each two
	tag    string   // identifies header and parts; empty if header has an ETag, or browsers may not keep the answer

	settings chain.Hash
	changes  uint64
	at       time.Time
}

func newMemory(now func() time.Time) *Memory { return &Memory{now: now, kept: map[keptKey]*Kept{}} }

// Drop forgets a city's answers.
func (m *Memory) Drop(city string) { m.changesOf(city).Add(1) }

func (m *Memory) changesOf(city string) *atomic.Uint64 {
	h := fnv.New32a()
	h.Write([]byte(city))
	return &m.changes[h.Sum32()%uint32(len(m.changes))]
}

// Load returns the city's answer with this name. It calls render if there is none, and keeps what that returns if keep is true.
func (m *Memory) Load(city settings.Snapshot, lang, name string, render func() (one *Kept, keep bool, err error)) (*Kept, error) {
	key := keptKey{city.City, lang, name}
	changes := m.changesOf(city.City).Load() // before render reads anything
	m.mu.Lock()
	one := m.kept[key]
	m.mu.Unlock()
	if one != nil && one.settings == city.Hash && one.changes == changes {
		if age := m.now().Sub(one.at); age >= 0 && age < keptFor {
			return one, nil
		}
	}
	at := m.now()
	one, keep, err := render()
	if err == nil && keep {
		one.settings, one.changes, one.at = city.Hash, changes, at
		m.store(key, one)
	}
	return one, err
}

func (m *Memory) store(key keptKey, one *Kept) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.remove(key, m.kept[key])
	if m.size+one.size() > maxKept {
		return
	}
	m.kept[key] = one
	m.size += one.size()
	time.AfterFunc(keptFor, func() { m.mu.Lock(); defer m.mu.Unlock(); m.remove(key, one) })
}

// remove removes one unless it has been replaced. The caller holds mu.
func (m *Memory) remove(key keptKey, one *Kept) {
	if one != nil && m.kept[key] == one {
		delete(m.kept, key)
		m.size -= one.size()
	}
}

// size is the approximate number of bytes in memory.
func (k *Kept) size() int {
	size := 1 << 10
	for _, part := range k.parts {
		size += len(part)
	}
	return size
}

// NewOnce returns a value for Mount.Once.
func NewOnce() string {
	var random [16]byte
	rand.Read(random[:]) // never fails, see crypto/rand
	return hex.EncodeToString(random[:])
}

// ForAll reports whether the answer depends on nothing but the address and the language: the visitor is not logged in and has no message.
func ForAll(r *http.Request) bool {
	_, err := r.Cookie(flashCookie)
	return (r.Method == http.MethodGet || r.Method == http.MethodHead) && Admin(r) == nil && err != nil && r.URL.RawQuery == ""
}

// WithoutVisitor returns a GET request for path that has nothing of the visitor but the language.
func (s *Site) WithoutVisitor(r *http.Request, path string) *http.Request {
	inner := &http.Request{
		Method: http.MethodGet, URL: &url.URL{Path: path}, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{}, Body: http.NoBody,
	}
	return inner.WithContext(context.WithValue(r.Context(), visitKey{}, visit{lang: s.Lang(r)}))
}

// Keep returns a page like that of Show, for ForAll. once is the Mount.Once with which its sections were rendered.
func (s *Site) Keep(r *http.Request, p Page, name string, data any, once string) (*Kept, error) {
	body, err := s.compose(r, p, name, data)
	if err != nil {
		return nil, err
	}
	k := &Kept{header: s.pageHeader(r, p), parts: bytes.Split(body, []byte(once))}
	if p.Private {
		return k, nil
	}
	if len(k.parts) > 1 {
		k.header.Set("Cache-Control", "private, no-cache") // a shared cache would give one visitor's copy to others
	}
	sum := sha256.New()
	_ = k.header.Write(sum)
	for _, part := range k.parts {
		sum.Write([]byte(strconv.Itoa(len(part)) + "\n"))
		sum.Write(part)
	}
	k.tag = hex.EncodeToString(sum.Sum(nil)[:16])
	return k, nil
}

// KeepAnswer returns an answer as it is. Its header has an ETag, if there is one.
func KeepAnswer(header http.Header, body []byte) *Kept {
	return &Kept{header: header, parts: [][]byte{body}}
}

// ServeKept answers with k, or with 304 to a visitor who has it.
func (s *Site) ServeKept(w http.ResponseWriter, r *http.Request, k *Kept) {
	h := w.Header()
	for name, values := range k.header {
		h[name] = append([]string(nil), values...)
	}
	body := k.parts[0]
	if len(k.parts) > 1 {
		once, at := k.onceOf(r, s.Now())
		body = bytes.Join(k.parts, []byte(once))
		if k.tag != "" {
			h.Set("ETag", `"`+k.tag+"-"+strconv.FormatInt(at.Unix(), 16)+"-"+once+`"`)
		}
	} else if k.tag != "" {
		h.Set("ETag", `"`+k.tag+`"`)
	}
	modified, _ := http.ParseTime(h.Get("Last-Modified"))
	http.ServeContent(w, r, "", modified, bytes.NewReader(body))
}

// onceFor is how long a visitor's copy may be used again with the same Mount.Once.
const onceFor = 10 * time.Minute

// onceOf returns the Mount.Once of the copy that the visitor has, and when it was rendered, if it is a recent copy of k. Otherwise both are
// new. The copy's ETag has them, since a strong ETag stands for the same bytes.
func (k *Kept) onceOf(r *http.Request, now time.Time) (once string, at time.Time) {
	for tag := range strings.SplitSeq(cmp.Or(r.Header.Get("If-None-Match"), r.Header.Get("If-Range")), ",") {
		sum, rest, _ := strings.Cut(strings.Trim(strings.TrimPrefix(strings.TrimSpace(tag), "W/"), `"`), "-")
		seconds, once, _ := strings.Cut(rest, "-")
		unix, err := strconv.ParseInt(seconds, 16, 64)
		bytes, notHex := hex.DecodeString(once)
		at := time.Unix(unix, 0)
		if sum == k.tag && sum != "" && err == nil && notHex == nil && len(bytes) == 16 && !at.After(now) && now.Sub(at) < onceFor {
			return once, at
		}
	}
	return NewOnce(), now
}
