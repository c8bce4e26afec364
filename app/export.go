package app

import (
	"encoding/json"
	"errors"

	servertypes "github.com/cosmos/cosmos-sdk/server/types"
)

// Export writes the state as a genesis. A height of zero is not offered: a
// ledger's history does not begin again.
func (app *App) Export(zeroHeight bool, modules []string) (servertypes.ExportedApp, error) {
	if zeroHeight {
		return servertypes.ExportedApp{}, errors.New("for-zero-height: not offered; grants and devices name their heights")
	}
	ctx := app.NewContext(true)
	genesis, err := app.modules.ExportGenesisForModules(ctx, app.Codec, modules)
	if err != nil {
		return servertypes.ExportedApp{}, err
	}
	state, err := json.MarshalIndent(genesis, "", "  ")
	if err != nil {
		return servertypes.ExportedApp{}, err
	}
	return servertypes.ExportedApp{
		AppState:        state,
		Height:          app.LastBlockHeight() + 1,
		ConsensusParams: app.GetConsensusParams(ctx),
	}, nil
}
