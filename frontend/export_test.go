package frontend

// Pages is pages, for a test of who may see them.
var Pages = (*Frontend).pages
