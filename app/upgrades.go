package app

import "github.com/cosmos/cosmos-sdk/types/module"

// registerUpgrades registers the handler of each upgrade by its name. There has
// been none yet.
func (app *App) registerUpgrades(module.Configurator) {}
