// Defaults that double at each step.
namespace rs api

struct M0 { 1: M1 a = {}, 2: M1 b = {} }
struct M1 { 1: M2 a = {}, 2: M2 b = {} }
struct M2 { 1: M3 a = {}, 2: M3 b = {} }
struct M3 { 1: M4 a = {}, 2: M4 b = {} }
struct M4 { 1: M5 a = {}, 2: M5 b = {} }
struct M5 { 1: M6 a = {}, 2: M6 b = {} }
struct M6 { 1: M7 a = {}, 2: M7 b = {} }
struct M7 { 1: M8 a = {}, 2: M8 b = {} }
struct M8 { 1: M9 a = {}, 2: M9 b = {} }
struct M9 { 1: M10 a = {}, 2: M10 b = {} }
struct M10 { 1: M11 a = {}, 2: M11 b = {} }
struct M11 { 1: M12 a = {}, 2: M12 b = {} }
struct M12 { 1: M13 a = {}, 2: M13 b = {} }
struct M13 { 1: M14 a = {}, 2: M14 b = {} }
struct M14 { 1: M15 a = {}, 2: M15 b = {} }
struct M15 { 1: M16 a = {}, 2: M16 b = {} }
struct M16 { 1: M17 a = {}, 2: M17 b = {} }
struct M17 { 1: M18 a = {}, 2: M18 b = {} }
struct M18 { 1: M19 a = {}, 2: M19 b = {} }
struct M19 { 1: M20 a = {}, 2: M20 b = {} }
struct M20 { 1: list<M20> none = [], 2: i32 x = 1 }
struct Fine { 1: M17 a = {} }
