package city_test

import (
	"testing"

	"linienfunk/db"
	"linienfunk/frontend/frontendtest"
)

func TestAllPagesOfACityThatIsDeletedSayWhenAndHowToKeepIt(t *testing.T) {
	t.Parallel()
	s, ada, _ := frontendtest.Berlin(t)
	page := ada.Post("/city/berlin/end/delete", "name", "berlin").At("/city/berlin/end")
	row, err := s.Site.DB.Ended(t.Context(), "berlin")
	frontendtest.Check(t, err)
	zone := s.Present("berlin").Clock()
	ends := row.EndsAt.In(zone).Format("2 Jan 2006, 15:04 MST")
	page.Want(200, "everything of it is deleted on "+ends, "the button “Keep the city” below stops that", "will be deleted on "+ends, ">Keep the city</button>").WantNot("city restore")
	s.Visitor().Get("/c/berlin").Want(200, "ends its service here", "is deleted on "+ends).WantNot("Berlin is paused")
	s.Visitor().Get("/c/berlin?lang=de").Want(200, "wird alles gelöscht", "am "+row.EndsAt.In(zone).Format("2.1.2006, 15:04 Uhr "))
	ada.Post("/city/berlin/end/restore").Want(200, "The city stays")
	if _, err := s.Site.DB.Ended(t.Context(), "berlin"); err != db.ErrNotFound {
		t.Fatal(err)
	}
	s.Visitor().Get("/c/berlin").Want(200).WantNot("ends its service")
}
