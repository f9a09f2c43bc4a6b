// Package docs runs the code of the documents in the folder docs. It has tests only.
package docs
