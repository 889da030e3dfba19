package censor

import (
	"runtime"
	"testing"

	"linienfunk/internal/testkit"
)

func TestCitiesWithTheSameListShareIt(t *testing.T) {
	t.Parallel()
	c, err := NewCompiler(nil)
	if err != nil {
		t.Fatal(err)
	}
	compile := func(triggers, blocked []string) *Filter {
		t.Helper()
		f, err := c.Compile(triggers, blocked)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	one := compile([]string{"kontrolle", "u8"}, []string{"kontrolle", "u8"})
	two := compile([]string{"kontrolle", "u8"}, nil)
	three := compile([]string{"kontrolle\nu8"}, []string{"kontrolle"})
	if one.triggers != two.triggers {
		t.Error("the same list was compiled twice")
	}
	if one.triggers == three.triggers || one.triggers == one.blocked || one.blocked == two.blocked {
		t.Error("different lists are shared")
	}
	if !two.Evaluate("kontrolle", Said{}).Passed || one.Evaluate("kontrolle", Said{}).Passed {
		t.Error("the lists of one city are applied to the other")
	}
	runtime.KeepAlive(one)
	runtime.KeepAlive(three)
}

func TestAListThatNoCityUsesIsForgotten(t *testing.T) {
	t.Parallel()
	c, err := NewCompiler(nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Compile([]string{"kontrolle"}, []string{"bahn"}); err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, "both lists are forgotten", func() bool {
		runtime.GC()
		c.shared.mu.Lock()
		defer c.shared.mu.Unlock()
		return len(c.shared.lists) == 0
	})
}
