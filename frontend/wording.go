package frontend

// Wording puts settings into the words of a visitor's language.
type Wording struct {
	*Site
	bots *Bots
}

// NewWording knows the options of bots by what is mounted in b.
func NewWording(s *Site, b *Bots) *Wording { return &Wording{Site: s, bots: b} }
