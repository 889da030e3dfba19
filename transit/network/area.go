package network

import "math"

// Box is an area between two parallels and two meridians, in degrees. West may be greater than East, across the date line.
type Box struct{ South, West, North, East float64 }

func (b Box) contains(lat, lon float64) bool {
	if lat < b.South || lat > b.North {
		return false
	}
	if b.West <= b.East {
		return b.West <= lon && lon <= b.East
	}
	return lon >= b.West || lon <= b.East
}

// Circle is an area around a point.
type Circle struct {
	Lat, Lon float64 // degrees
	Radius   float64 // metres
}

func (c Circle) contains(lat, lon float64) bool { return Distance(c.Lat, c.Lon, lat, lon) <= c.Radius }

// Distance is the distance of two points on a sphere, in metres.
func Distance(lat1, lon1, lat2, lon2 float64) float64 {
	const earth, degree = 6_371_000, math.Pi / 180
	sinLat, sinLon := math.Sin((lat2-lat1)*degree/2), math.Sin((lon2-lon1)*degree/2)
	h := sinLat*sinLat + math.Cos(lat1*degree)*math.Cos(lat2*degree)*sinLon*sinLon
	return 2 * earth * math.Asin(math.Min(1, math.Sqrt(h)))
}
