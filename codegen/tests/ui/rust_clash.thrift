struct userInfo { 1: i32 id }
struct UserInfo { 1: i32 id }

struct S {
    1: i32 userId
    2: i32 user_id
}

enum Color { DARK_RED, DarkRed }

const i32 MAX = 1
const i32 max = 2

service Users {
    void getUser()
    void get_user()
}

struct UsersClient { 1: i32 id }

enum LI { A }
const i32 li = 1
