package bottest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"

	"linienfunk/bots/chat"
)

// Commands are the commands of all cities: "/status" and "/pause", with anything behind them. They are for those who are linked; with Answer, everything that they say is set by the test. They
// stand for package commands, which a bot does not know.
type Commands struct {
	mu     sync.Mutex
	linked map[string]bool // by city and person
	ran    []chat.Message  // each once
	answer *chat.Answer
	fails  int
	moved  []string
}

// Link makes a person one who runs a city; Unlink ends that.
func (c *Commands) Link(city, person string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.linked == nil {
		c.linked = map[string]bool{}
	}
	c.linked[city+" "+person] = true
}

// Unlink ends what Link has begun.
func (c *Commands) Unlink(city, person string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.linked, city+" "+person)
}

// Answer sets what the commands of those who are linked say from now on.
func (c *Commands) Answer(a chat.Answer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.answer = &a
}

// FailNext makes the next n calls of Run fail after the command was carried out, as if the program had not been able to say so.
func (c *Commands) FailNext(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fails = n
}

// Ran lists the commands of those who are linked that were carried out.
func (c *Commands) Ran() []chat.Message {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.ran)
}

// Run implements chat.Commands. Of its two commands, "status" can be written in groups.
func (c *Commands) Run(_ context.Context, m chat.Message) (chat.Answer, bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	linked := c.linked[m.City+" "+m.Person] && (!m.Forged || len(m.Reports) > 0)
	word, _, _ := strings.Cut(strings.TrimSpace(m.Text), " ")
	if name := strings.TrimPrefix(word, "/"); name != "status" && name != "pause" || word == name && !linked || m.Group != "" && word != "/status" {
		return chat.Answer{}, false, nil
	}
	if !linked {
		return chat.Answer{Text: "refused: " + m.Text, Refused: true}, true, nil
	}
	if !slices.ContainsFunc(c.ran, func(one chat.Message) bool { return one.City == m.City && one.Person == m.Person && one.ID == m.ID }) {
		c.ran = append(c.ran, m)
	}
	if c.fails > 0 {
		c.fails--
		return chat.Answer{}, true, errors.New("the result is not known")
	}
	if c.answer != nil {
		return *c.answer, true, nil
	}
	return chat.Answer{Text: "done: " + m.Text, Linked: true, Role: chat.Owner}, true, nil
}

// Moved implements chat.Commands.
func (c *Commands) Moved(_ context.Context, city, from, to string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.moved = append(c.moved, city+": "+from+" is "+to)
	return nil
}

// Renamed lists the groups that have another name now: "zuerich: -1 is -2".
func (c *Commands) Renamed() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.moved)
}

// Cities implements chat.Commands.
func (c *Commands) Cities(context.Context) (map[string]bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	cities := map[string]bool{}
	for one := range c.linked {
		city, _, _ := strings.Cut(one, " ")
		cities[city] = true
	}
	return cities, nil
}

// Menu implements chat.Commands.
func (c *Commands) Menu(_ string, role chat.Role) []chat.MenuItem {
	all := []chat.MenuItem{{Word: "status", Help: "Show the state"}, {Word: "pause", Help: "Relay nothing"}}
	return all[:role]
}
