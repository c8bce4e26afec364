package app

import (
	reflectionv1 "cosmossdk.io/api/cosmos/reflection/v1"

	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/client/grpc/cmtservice"
	nodeservice "github.com/cosmos/cosmos-sdk/client/grpc/node"
	runtimeservices "github.com/cosmos/cosmos-sdk/runtime/services"
	"github.com/cosmos/cosmos-sdk/server"
	"github.com/cosmos/cosmos-sdk/server/api"
	"github.com/cosmos/cosmos-sdk/server/config"
	"github.com/cosmos/cosmos-sdk/types/module"
	authtx "github.com/cosmos/cosmos-sdk/x/auth/tx"
)

// Basics are the modules' parts that need no state: codecs and genesis checks.
func (app *App) Basics() module.BasicManager { return app.basics }

// RegisterAPIRoutes serves every query over REST.
func (app *App) RegisterAPIRoutes(s *api.Server, _ config.APIConfig) {
	authtx.RegisterGRPCGatewayRoutes(s.ClientCtx, s.GRPCGatewayRouter)
	cmtservice.RegisterGRPCGatewayRoutes(s.ClientCtx, s.GRPCGatewayRouter)
	nodeservice.RegisterGRPCGatewayRoutes(s.ClientCtx, s.GRPCGatewayRouter)
	app.basics.RegisterGRPCGatewayRoutes(s.ClientCtx, s.GRPCGatewayRouter)
}

// RegisterTxService implements servertypes.Application.
func (app *App) RegisterTxService(c client.Context) {
	authtx.RegisterTxService(app.GRPCQueryRouter(), c, app.Simulate, app.Registry)
}

// RegisterTendermintService implements servertypes.Application.
func (app *App) RegisterTendermintService(c client.Context) {
	cmtservice.RegisterTendermintService(c, app.GRPCQueryRouter(), app.Registry, server.NewCometABCIWrapper(app).Query)
}

// RegisterNodeService implements servertypes.Application.
func (app *App) RegisterNodeService(c client.Context, cfg config.Config) {
	nodeservice.RegisterNodeService(c, app.GRPCQueryRouter(), cfg, app.CommitMultiStore().EarliestVersion)
}

func registerReflection(app *App) {
	service, err := runtimeservices.NewReflectionService()
	if err != nil {
		panic(err)
	}
	reflectionv1.RegisterReflectionServiceServer(app.GRPCQueryRouter(), service)
}
