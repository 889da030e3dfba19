package db

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"gorm.io/gorm"

	"linienfunk/report"
)

// LeastNumber is how many reports Numbers needs to tell a number.
const LeastNumber = 5

// NumbersMonths is how many months Numbers has: this one and those before. Older ones are deleted.
const NumbersMonths = 12

// Kinds of a Number.
const (
	NumberOfLine = "line"
	NumberOfStop = "stop"
	NumberOfHour = "hour" // of the week, in the city's time; the Name is that of HourName
)

// Number is how many reports that a city relayed within a period named a line or stop, or were written in an hour of the week and named any.
//
// The ledger keeps the time of each report for ever. So no row has a place and an hour, which together would give a deleted text its place back: each
// has one of them, and the second is told for all places alike. The day that has not ended is apart, since Numbers leaves it out: whoever asks again and
// again sees what a whole day has added, not what a report has; only a withdrawal of a report of earlier days shows at once. When the day has ended it
// becomes part of its month. Sums over all places or all hours, from which a number below LeastNumber could be computed, are not kept.
type Number struct {
	City    string `gorm:"primaryKey;size:32"`
	Period  int    `gorm:"primaryKey;autoIncrement:false"` // in which the reports were judged: 20261128 for a day, 20261100 for a month without such days
	Kind    string `gorm:"primaryKey;size:8"`
	Name    string `gorm:"primaryKey;size:120"`
	Reports int    `gorm:"not null"`
}

// TableName is the table's name for gorm.
func (Number) TableName() string { return "report_numbers" }

// numberedAs returns an Entry's Numbered for a report that is judged now.
func numberedAs(j Judged, now time.Time) string {
	m := j.Report.Means
	if j.Zone == nil || !j.Verdict.Passed || j.Status != Queued || j.About != "" || len(j.Bots) == 0 || len(m.Lines)+len(m.Stops) == 0 {
		return ""
	}
	return strconv.Itoa(day(now.In(j.Zone))) + " " + HourName(j.Report.At.In(j.Zone))
}

// day is the Period of a day, and the Period of its month without the last two digits.
func day(t time.Time) int { return t.Year()*10000 + int(t.Month())*100 + t.Day() }

// HourName is the name of an hour of the week: "1-08" is Monday from 8 to 9.
func HourName(t time.Time) string { return fmt.Sprintf("%d-%02d", (int(t.Weekday())+6)%7+1, t.Hour()) }

// ReadHourName returns what a HourName says: the day of the week from 1, Monday, to 7, and the hour from 0 to 23.
func ReadHourName(name string) (weekday, hour int, err error) {
	if _, err := fmt.Sscanf(name, "%d-%d", &weekday, &hour); err != nil || weekday < 1 || weekday > 7 || hour < 0 || hour > 23 {
		return 0, 0, fmt.Errorf("%q is no hour of a week", name)
	}
	return weekday, hour, nil
}

// numbersOf returns the numbers in which an entry is counted, each with one report.
func numbersOf(e Entry, m report.Reading) (all []Number) {
	period, hour, ok := strings.Cut(e.Numbered, " ")
	if !ok {
		return nil
	}
	number, _ := strconv.Atoi(period) // as numberedAs wrote it
	add := func(kind, name string) {
		one := Number{City: e.City, Period: number, Kind: kind, Name: report.Cut(sanitize(name), 120), Reports: 1}
		if name != "" && !slices.Contains(all, one) {
			all = append(all, one)
		}
	}
	for _, line := range m.Lines {
		add(NumberOfLine, line.Name)
	}
	for _, stop := range m.Stops {
		add(NumberOfStop, stop.Name)
	}
	add(NumberOfHour, hour)
	return all
}

// numbersInStatement is how many numbers one statement writes at most: a batch of reports has a few hundred.
const numbersInStatement = 1000

// addNumbers adds to what is stored.
func addNumbers(tx *gorm.DB, added []Number) error {
	for some := range slices.Chunk(sum(added), numbersInStatement) {
		var values []any
		for _, n := range some {
			values = append(values, n.City, n.Period, n.Kind, n.Name, n.Reports)
		}
		err := tx.Exec("INSERT INTO report_numbers (city, period, kind, name, reports) VALUES "+rows(len(some), 5)+
			" ON CONFLICT (city, period, kind, name) DO UPDATE SET reports = report_numbers.reports + excluded.reports", values...).Error
		if err != nil {
			return err
		}
	}
	return nil
}

// sum adds up numbers of the same, and sorts them, so that two transactions never wait for each other.
func sum(numbers []Number) []Number {
	sums := map[Number]int{}
	for _, n := range numbers {
		one := n
		one.Reports = 0
		sums[one] += n.Reports
	}
	all := slices.SortedFunc(maps.Keys(sums), func(a, b Number) int {
		return cmp.Or(cmp.Compare(a.City, b.City), cmp.Compare(a.Period, b.Period), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name))
	})
	for i := range all {
		all[i].Reports = sums[all[i]]
	}
	return all
}

// takeBackNumbers takes an entry that is being withdrawn out of the numbers. That is not possible once the text is deleted: nothing says what it was about.
func takeBackNumbers(tx *gorm.DB, e Entry) error {
	if e.Reading == "" {
		return nil
	}
	for _, n := range sum(numbersOf(e, e.Means())) {
		const where = " WHERE city = ? AND period = ? AND kind = ? AND name = ?"
		for _, period := range []int{n.Period, n.Period / 100 * 100} { // the month, if the day has become part of it
			taken := tx.Exec("UPDATE report_numbers SET reports = reports - 1"+where, n.City, period, n.Kind, n.Name)
			if taken.Error != nil {
				return taken.Error
			}
			if taken.RowsAffected == 0 {
				continue
			}
			if err := tx.Exec("DELETE FROM report_numbers"+where+" AND reports <= 0", n.City, period, n.Kind, n.Name).Error; err != nil {
				return err
			}
			break
		}
	}
	return nil
}

// Numbers returns the numbers of a city up to yesterday, of this month and the eleven before, that are LeastNumber at least, the highest first. Their
// Period is 0. now is in the city's time zone.
func (d *DB) Numbers(ctx context.Context, city string, now time.Time) (all []Number, err error) {
	err = d.WithContext(ctx).Raw("SELECT city, kind, name, SUM(reports) AS reports FROM report_numbers WHERE city = ? AND period >= ? AND period < ? "+
		"GROUP BY city, kind, name HAVING SUM(reports) >= ?", city, firstPeriod(now), day(now), LeastNumber).Scan(&all).Error
	slices.SortFunc(all, func(a, b Number) int {
		return cmp.Or(cmp.Compare(b.Reports, a.Reports), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name))
	})
	return all, wrap("read numbers", err)
}

// NumbersSince returns the first day of the months that Numbers has.
func NumbersSince(now time.Time) time.Time {
	return time.Date(now.Year(), now.Month()-NumbersMonths+1, 1, 0, 0, 0, 0, now.Location())
}

func firstPeriod(now time.Time) int { return day(NumbersSince(now)) - 1 }

// FoldNumbers makes the days of a city that have ended part of their months, and deletes the months that Numbers no longer has. now is in the city's time
// zone.
func (d *DB) FoldNumbers(ctx context.Context, city string, now time.Time) error {
	condition := []any{"city = ? AND (period < ? OR period < ? AND period % 100 <> 0)", city, firstPeriod(now), day(now)}
	if due, err := Any(d.WithContext(ctx).Model(&Number{}), condition...); err != nil || !due {
		return wrap("look for numbers of days", err)
	}
	err := d.Transaction(ctx, func(tx *gorm.DB) error {
		var ended []Number
		err := tx.Raw("DELETE FROM report_numbers WHERE "+condition[0].(string)+" RETURNING *", condition[1:]...).Scan(&ended).Error
		if err != nil {
			return err
		}
		ended = slices.DeleteFunc(ended, func(n Number) bool { return n.Period < firstPeriod(now) })
		for i := range ended {
			ended[i].Period = ended[i].Period / 100 * 100
		}
		return addNumbers(tx, ended)
	})
	return wrap("add up numbers", err)
}

// DeleteNumbersWithoutCity deletes the numbers of cities that no longer exist.
func (d *DB) DeleteNumbersWithoutCity(ctx context.Context) error {
	const gone = "city NOT IN (SELECT name FROM cities)"
	if found, err := Any(d.WithContext(ctx).Model(&Number{}), gone); err != nil || !found {
		return wrap("look for numbers of deleted cities", err)
	}
	return wrap("delete numbers", d.WithContext(ctx).Where(gone).Delete(&Number{}).Error)
}
