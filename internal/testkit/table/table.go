// Package table checks functions against tables of their arguments and results. It imports no package of the program, so that the tests of
// each of them can use it.
package table

import (
	"reflect"
	"testing"
)

// Check reports each argument for which f does not return the wanted result.
func Check[In comparable, Out any](t testing.TB, f func(In) Out, want map[In]Out) {
	t.Helper()
	for in, want := range want {
		if got := f(in); !reflect.DeepEqual(got, want) {
			t.Errorf("%#v became %#v, want %#v", in, got, want)
		}
	}
}
