package read

import "linienfunk/report"

// Describe returns a reading of this Reader with names in place of indices.
func (r *Reader) Describe(m Reading) report.Reading {
	d := report.Reading{Kind: string(m.Kind), Inferred: m.Inferred, Confidence: m.Confidence}
	for _, s := range m.Shapes {
		d.Lines = append(d.Lines, report.Line{Name: s.Name})
	}
	for _, i := range m.Lines {
		d.Lines = append(d.Lines, r.line(i))
	}
	for _, i := range m.Stops {
		stop := r.stop(i)
		if len(m.Lines) == 0 {
			for _, line := range r.serving[i] {
				stop.Lines = append(stop.Lines, r.line(int(line)))
			}
		}
		d.Stops = append(d.Stops, stop)
	}
	for _, i := range m.Directions {
		d.Directions = append(d.Directions, r.stop(i))
	}
	return d
}

func (r *Reader) line(i int) report.Line {
	l := r.net.Lines[i]
	return report.Line{Name: l.Name, Kind: string(l.Kind), Color: l.Color, ID: l.ID}
}

func (r *Reader) stop(i int) report.Stop {
	s := r.net.Stops[i]
	return report.Stop{Name: s.Name, Place: s.Place, ID: s.ID, Lat: s.Lat, Lon: s.Lon}
}
