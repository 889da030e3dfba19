package twitter

import (
	"fmt"
	"strconv"
	"strings"
)

// amount is money in millionths of the currency: prices have three decimals, and sums of them must stay exact.
type amount int64

const oneUnit amount = 1_000_000

// maxAmount is the highest price that is accepted; it keeps sums far from an overflow.
const maxAmount = 1000 * oneUnit

// parseAmount reads a decimal number: "0.015".
func parseAmount(text string) (amount, error) {
	bad := fmt.Errorf("%q is not an amount such as 0.015, of at most %d", text, maxAmount/oneUnit)
	before, after, _ := strings.Cut(strings.TrimSpace(text), ".")
	if before == "" || len(after) > 6 || strings.ContainsAny(before+after, "+-") {
		return 0, bad
	}
	units, err := strconv.ParseUint(before, 10, 20)
	if err != nil {
		return 0, bad
	}
	rest, err := strconv.ParseUint((after + "000000")[:6], 10, 32)
	if err != nil {
		return 0, bad
	}
	total := amount(units)*oneUnit + amount(rest)
	if total > maxAmount {
		return 0, bad
	}
	return total, nil
}

// String returns the amount with at least two decimals.
func (a amount) String() string {
	if a < 0 {
		return "-" + (-a).String()
	}
	text := fmt.Sprintf("%d.%06d", a/oneUnit, a%oneUnit)
	for strings.HasSuffix(text, "0") && len(text)-strings.Index(text, ".") > 3 {
		text = text[:len(text)-1]
	}
	return text
}
