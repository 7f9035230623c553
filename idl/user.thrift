// Users of a music site, as a Kitex service that Hertz gateways call.
namespace go music.service.user

// What `BaseResp.StatusCode` says.
enum Status {
    Success = 0
    UserExists = 10001
    WrongLogin = 10002
    UnknownUser = 10003
}

struct BaseResp {
    1: i32 StatusCode
    2: string StatusMessage
}

struct CreateUserReq {
    1: string username (api.vd = "mblen($) > 0 && mblen($) <= 32; msg:'must have 1 to 32 characters'")
    2: string password (api.vd = "len($) >= 8 && len($) <= 128; msg:'must have 8 to 128 bytes'")
}

struct CreateUserResp {
    255: optional BaseResp BaseResp
}

struct LoginReq {
    1: string username (api.vd = "len($) > 0; msg:'must not be empty'")
    2: string password (api.vd = "len($) > 0 && len($) <= 128; msg:'must have 1 to 128 bytes'")
}

struct LoginResp {
    // For `authorization: Bearer <token>`.
    1: string token
    255: optional BaseResp BaseResp
}

struct GetUserReq {}

struct GetUserResp {
    1: string username
    255: optional BaseResp BaseResp
}

service UserService {
    CreateUserResp CreateUser(1: CreateUserReq req) (api.post = "/api/user/register")
    LoginResp Login(1: LoginReq req) (api.post = "/api/user/login", idempotent = "true")
    // Who the token of the call was given to.
    GetUserResp GetUser(1: GetUserReq req) (api.get = "/api/user/me", idempotent = "true")
}
