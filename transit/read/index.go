package read

import (
	"cmp"
	"math/bits"
	"slices"
	"sort"
	"strings"
)

// key is one way to write the names of some stops: folded, in one word.
type key struct {
	text    string
	letters uint64
	stops   []named // sorted by cost
}

// named is a stop, and how far a key is from its whole name: 0 is the name itself, 1 has nothing of it.
type named struct {
	stop int32
	cost float32
}

// index finds keys by their text, with typing errors, and by their beginning. It does not change once it is built.
type index struct {
	keys    []key // sorted by text
	exact   map[string]int32
	deleted []deletion // sorted by hash
	longest int        // key, in bytes
	buckets []int32    // first of deleted, by the upper bits of the hash
	filter  []uint64   // a bit for the upper bits of each hash, which most hashes of other words do not have
}

// deletion is a key some of whose letters were deleted: two words that differ by few letters have one in common.
type deletion struct {
	hash uint32
	key  int32
}

// Limits of typing errors.
const (
	prefixLength = 7 // letters at the beginning in which errors are searched by deletion
	bucketBits   = 16
	filterBits   = 21
)

// maxErrors is how many letters may be wrong in a word of a length.
func maxErrors(length int) int {
	switch {
	case length < 5:
		return 0
	case length < 8:
		return 1
	case length < 13:
		return 2
	}
	return 3
}

func newIndex(stops map[string][]named) *index {
	x := &index{exact: make(map[string]int32, len(stops))}
	for text, list := range stops {
		slices.SortFunc(list, func(a, b named) int { return cmp.Or(cmp.Compare(a.cost, b.cost), cmp.Compare(a.stop, b.stop)) })
		x.keys = append(x.keys, key{text, letters(text), list})
	}
	slices.SortFunc(x.keys, func(a, b key) int { return strings.Compare(a.text, b.text) })
	for i, k := range x.keys {
		x.exact[k.text] = int32(i)
		x.longest = max(x.longest, len(k.text))
		eachDeletion(k.text, func(hash uint32) { x.deleted = append(x.deleted, deletion{hash, int32(i)}) })
	}
	slices.SortFunc(x.deleted, func(a, b deletion) int { return cmp.Or(cmp.Compare(a.hash, b.hash), cmp.Compare(a.key, b.key)) })
	x.deleted = slices.Clip(slices.Compact(x.deleted))
	x.buckets, x.filter = make([]int32, 1<<bucketBits+1), make([]uint64, 1<<filterBits/64)
	for i, d := range x.deleted {
		x.buckets[d.hash>>(32-bucketBits)+1] = int32(i + 1)
		bit := d.hash >> (32 - filterBits)
		x.filter[bit/64] |= 1 << (bit % 64)
	}
	for i := 1; i < len(x.buckets); i++ {
		x.buckets[i] = max(x.buckets[i], x.buckets[i-1])
	}
	return x
}

// eachDeletion calls do with the hashes of a word's beginning, whole and without some of its letters. The beginning fits into one number, a letter each byte.
func eachDeletion(word string, do func(hash uint32)) {
	errors := min(maxErrors(len(word)), 2)
	if errors == 0 {
		return
	}
	length := min(len(word), prefixLength)
	var packed uint64
	for i := range length {
		packed = packed<<8 | uint64(word[i])
	}
	do(spread(packed))
	for i := range length {
		one := without(packed, i)
		do(spread(one))
		if errors < 2 {
			continue
		}
		for j := i; j < length-1; j++ {
			do(spread(without(one, j)))
		}
	}
}

// without deletes the letter at a place, counted from the end.
func without(packed uint64, at int) uint64 {
	low := packed & (1<<(8*at) - 1)
	return packed>>(8*at+8)<<(8*at) | low
}

// spread is a hash of a number, by the golden ratio.
func spread(packed uint64) uint32 { return uint32(packed * 0x9e3779b97f4a7c15 >> 32) }

// similar calls do with each key that differs from a word by few letters, and by how many.
func (x *index) similar(word string, seen *visited, do func(key int32, errors int)) {
	limit := maxErrors(len(word))
	if limit == 0 || len(word) > x.longest+limit {
		return
	}
	mask := letters(word)
	seen.start(len(x.keys))
	eachDeletion(word, func(hash uint32) {
		if bit := hash >> (32 - filterBits); x.filter[bit/64]>>(bit%64)&1 == 0 {
			return
		}
		bucket := hash >> (32 - bucketBits)
		for _, d := range x.deleted[x.buckets[bucket]:x.buckets[bucket+1]] {
			if d.hash != hash {
				continue
			}
			k := &x.keys[d.key]
			if bits.OnesCount64(mask^k.letters) > 2*limit || abs(len(k.text)-len(word)) > limit || !seen.first(d.key) {
				continue
			}
			if errors := distance(word, k.text, limit); errors <= limit {
				do(d.key, errors)
			}
		}
	})
}

// beginning returns the keys that begin with a word.
func (x *index) beginning(word string) []key {
	low := sort.Search(len(x.keys), func(i int) bool { return x.keys[i].text >= word })
	high := low
	for high < len(x.keys) && strings.HasPrefix(x.keys[high].text, word) {
		high++
	}
	return x.keys[low:high]
}

// visited remembers which keys a search has seen.
type visited struct {
	search uint32
	last   []uint32 // search that has seen a key
}

// start begins a search among so many keys.
func (v *visited) start(keys int) {
	if v.search++; len(v.last) != keys || v.search == 0 {
		v.search, v.last = 1, make([]uint32, keys)
	}
}

// first reports whether a search sees a key for the first time.
func (v *visited) first(key int32) bool {
	seen := v.last[key] == v.search
	v.last[key] = v.search
	return !seen
}

// begins reports whether any key begins with a word.
func (x *index) begins(word string) bool {
	at := sort.Search(len(x.keys), func(i int) bool { return x.keys[i].text >= word })
	return at < len(x.keys) && strings.HasPrefix(x.keys[at].text, word)
}

// letters is the set of letters of a word, by which most different words are told apart quickly.
func letters(word string) (set uint64) {
	for i := range len(word) {
		set |= 1 << (word[i] & 63)
	}
	return set
}

func abs(n int) int { return max(n, -n) }

// maxWord is the length of words that are compared, in bytes.
const maxWord = 64

// distance is the number of letters to insert, delete, replace or swap with their neighbour to turn a into b; more than limit if it is more.
func distance(a, b string, limit int) int {
	if len(a) > maxWord || len(b) > maxWord {
		return limit + 1
	}
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	var rows [3][maxWord + 1]uint8
	before, last, row := &rows[0], &rows[1], &rows[2]
	for j := range len(b) + 1 {
		last[j] = uint8(j)
	}
	for i := range len(a) {
		row[0] = uint8(i + 1)
		least := row[0]
		for j := range len(b) {
			cost := last[j]
			if a[i] != b[j] {
				cost++
			}
			cost = min(cost, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				cost = min(cost, before[j-1]+1)
			}
			row[j+1] = cost
			least = min(least, cost)
		}
		if int(least) > limit {
			return limit + 1
		}
		before, last, row = last, row, before
	}
	return int(last[len(b)])
}
