package censor

import (
	"slices"
	"unicode/utf8"
)

// variant is one normalized form of a report: text for regular expressions, symbols (see encode) for words.
type variant struct{ text, symbols []byte }

func (r *variant) set(text []byte) {
	r.text = text
	r.symbols = encode(r.symbols[:0], text)
}

// scratch holds one report in all its variants. Its buffers are reused.
type scratch struct {
	nfkc    []byte
	umlauts []int // of the text that was folded last

	hasUmlauts bool
	base       variant // without accents
	expanded   variant // with ae, oe, ue; only if the report has umlauts
	written    variant // with accents and ß, text only; only if there are expressions and it differs from base

	// base and expanded with look-alike letters replaced, once as small letters and once as capitals, since a few letters
	// resemble a different Latin letter in each case. Only if the report has such letters.
	small, capital variant
	hasLookalikes  bool

	// joined and its kin are base, expanded and small of a text in which words are joined without a space. Only if it has such words.
	joined, joinedExpanded, joinedSmall variant
	hasJoined, hasJoinedUmlauts         bool

	// undisguised are the readings without disguises, for guarded lists. Only if the text gives reason for them.
	undisguised []variant
	tokens      []token
	readings    []reading

	// iAsL is small, or base, of a text with a capital I inside a word, which looks like an l. Only if it has one.
	iAsL    variant
	hasIAsL bool

	// tight is base, or small, of a text with words that signs divide, or that have all letters twice. Only if it has such words.
	tight    variant
	hasTight bool

	writtenBuffer, apart []byte
	list                 []*variant
}

// read folds the text and derives from it the variants that differ.
func (s *scratch) read(text string, expressions bool) {
	s.base.text, s.umlauts = s.fold(s.base.text[:0], s.umlauts[:0], text)
	s.base.set(s.base.text)
	if s.hasUmlauts = len(s.umlauts) > 0; s.hasUmlauts {
		s.expanded.set(expand(s.expanded.text[:0], s.base.text, s.umlauts, ^uint64(0)))
	}
	s.written.text, s.hasLookalikes = nil, false
	if !isASCII(text) {
		if expressions {
			s.writtenBuffer = foldCaseOnly(s.writtenBuffer[:0], s.nfkc)
			s.written.text = s.writtenBuffer
		}
		if !isASCII(s.base.text) {
			s.replaceLookalikes()
		}
	}
	s.readDisguised()
	if s.tight.text, s.hasTight = tighten(s.tight.text[:0], s.latin()); s.hasTight {
		s.tight.set(s.tight.text)
	}
	if s.apart, s.hasIAsL = replaceI(s.apart[:0], s.nfkc); s.hasIAsL {
		s.iAsL.text, s.umlauts = foldComposed(s.iAsL.text[:0], s.umlauts[:0], s.apart)
		s.apart, _ = skeleton(s.apart[:0], s.iAsL.text, small)
		s.iAsL.set(append(s.iAsL.text[:0], s.apart...))
	}
	if s.apart, s.hasJoined = separate(s.apart[:0], s.nfkc); s.hasJoined {
		s.readJoined()
	}
}

// latin is the text with look-alike letters replaced.
func (s *scratch) latin() []byte {
	if s.hasLookalikes {
		return s.small.text
	}
	return s.base.text
}

// readDisguised sets undisguised.
func (s *scratch) readDisguised() {
	from := s.latin()
	if s.undisguised = s.undisguised[:0]; !suspicious(from) {
		return
	}
	var t traces
	s.tokens, t = tokens(s.tokens, from)
	s.readings = t.readings(s.readings)
	s.undisguised = slices.Grow(s.undisguised[:0], len(s.readings))[:len(s.readings)]
	for i, r := range s.readings {
		v := &s.undisguised[i]
		v.text = r.appendTo(v.text[:0], from, s.tokens)
		v.set(v.text)
	}
}

// readJoined sets joined and its kin.
func (s *scratch) readJoined() {
	s.joined.text, s.umlauts = foldComposed(s.joined.text[:0], s.umlauts[:0], s.apart)
	s.joined.set(s.joined.text)
	if s.hasJoinedUmlauts = len(s.umlauts) > 0; s.hasJoinedUmlauts {
		s.joinedExpanded.set(expand(s.joinedExpanded.text[:0], s.joined.text, s.umlauts, ^uint64(0)))
	}
	if s.hasLookalikes {
		s.joinedSmall.text, _ = skeleton(s.joinedSmall.text[:0], s.joined.text, small)
		s.joinedSmall.set(s.joinedSmall.text)
	}
}

// replaceLookalikes sets small and capital. capital also has the e of umlauts, which saves a third and a fourth variant.
func (s *scratch) replaceLookalikes() {
	var found bool
	if s.small.text, found = skeleton(s.small.text[:0], s.base.text, small); !found {
		return
	}
	s.hasLookalikes = true
	s.small.set(s.small.text)
	from := s.base.text
	if len(s.umlauts) > 0 {
		from = s.expanded.text
	}
	s.capital.text, _ = skeleton(s.capital.text[:0], from, capital)
	s.capital.set(s.capital.text)
}

// wordVariants returns the variants in which words are searched. The slice is valid until the next call.
func (s *scratch) wordVariants(guarded bool) []*variant {
	all := s.variants(guarded)
	switch {
	case !s.hasJoined:
	case guarded && s.hasLookalikes:
		all = append(all, &s.joinedSmall)
	case s.hasJoinedUmlauts:
		all = append(all, &s.joined, &s.joinedExpanded)
	default:
		all = append(all, &s.joined)
	}
	if guarded && s.hasIAsL {
		all = append(all, &s.iAsL)
	}
	if guarded && s.hasTight {
		all = append(all, &s.tight)
	}
	if guarded {
		for i := range s.undisguised {
			all = append(all, &s.undisguised[i])
		}
	}
	s.list = all
	return all
}

// variants returns the variants in which words and expressions are searched. The slice is valid until the next call.
func (s *scratch) variants(guarded bool) []*variant {
	if guarded && s.hasLookalikes {
		return append(s.list[:0], &s.small, &s.capital)
	}
	if !s.hasUmlauts {
		return append(s.list[:0], &s.base)
	}
	return append(s.list[:0], &s.base, &s.expanded)
}

// foldCaseOnly appends a text in NFKC in lower case: like fold, but with accents and ß kept.
func foldCaseOnly(dst, nfkc []byte) []byte {
	for i := 0; i < len(nfkc); {
		if nfkc[i] < utf8.RuneSelf {
			dst = appendASCII(dst, nfkc[i])
			i++
			continue
		}
		r, size := utf8.DecodeRune(nfkc[i:])
		i += size
		g := glyphOf(r)
		switch {
		case g.kind == space:
			dst = appendASCII(dst, ' ')
		case g.kind == dropped:
		case g.text.len() == 1 && (g.text[0] == '-' || g.text[0] == '\''):
			dst = append(dst, g.text[0])
		default:
			dst = utf8.AppendRune(dst, foldCase(r))
		}
	}
	return trimSpace(dst)
}

// isASCII reports whether text has no byte above 0x7f. Texts come as strings, variants as bytes.
func isASCII[T string | []byte](text T) bool {
	for i := 0; i < len(text); i++ {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
