module github.com/patchbay-go/patchbay/tools

go 1.26
