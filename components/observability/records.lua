-- What Fluent Bit does to each record. CLUSTER, KEPT_APART, DROPPED, SECRET and REDACTED stand before this text.
-- Sources: fluent/fluent-bit-docs, pipeline/filters/lua.md; Lua 5.1 reference manual, 5.4.1 "Patterns"; read 2026-11.

local function redacted(text)
    for _, each in ipairs(REDACTED) do
        text = string.gsub(text, each[1], each[2])
    end
    return text
end

-- In place: an empty list would become a map in a table that is made anew.
local function clean(fields)
    for key, value in pairs(fields) do
        local name = type(key) == "string" and string.lower(key) or ""
        if DROPPED[name] then
            fields[key] = nil
        elseif SECRET[name] then
            fields[key] = "***"
        elseif type(value) == "string" then
            fields[key] = redacted(value)
        elseif type(value) == "table" then
            clean(value)
        end
    end
    return fields
end

-- Levels of JSON; without end where its reader might see the end of a string where this does not ("\u\").
local function levels(text)
    local bare, depth, most = string.gsub(string.gsub(text, "\\[^u]", "!"), "\\u%x%x%x%x", ""), 0, 0
    if string.find(bare, "\\", 1, true) then
        return math.huge
    end
    for bracket in string.gmatch(string.gsub(bare, '"[^"]*"', ""), "[%[%]{}]") do
        depth = depth + ((bracket == "[" or bracket == "{") and 1 or -1)
        most = math.max(most, depth)
    end
    return most
end

local BRACKETS, LEVELS = 10000, 60

-- Before JSON is read: 5.1.1 reads it by recursion, and 100,000 brackets end it on the node, at each start; with more
-- than 62 levels the other lines of the pod would leave as they are. It reads one value after the other, of any kind,
-- and merges only an object: a long line that begins otherwise is `text`, unread.
function guard(tag, timestamp, given)
    local log = given.log
    local opened = type(log) == "string" and select(2, string.gsub(log, "[%[{]", "")) or 0
    if opened <= LEVELS then
        return 0, timestamp, given
    elseif not string.find(log, "^%s*{") then
        given.text, given.log = log, nil
    elseif opened > BRACKETS or levels(log) > LEVELS then
        given.log = "left out: " .. #log .. " bytes of JSON, too deep or with too many brackets"
    else
        return 0, timestamp, given
    end
    return 2, timestamp, given
end

-- Fields of the platform come last, so that no program can write that it is of another namespace or team.
function record(tag, timestamp, given)
    local pod = given.kubernetes or {}
    local namespace = (given.kubernetes_namespace or {}).labels or {}
    local owner = (pod.ownerReferences or {})[1] or {}
    local made = type(given.fields) == "table" and given.fields or { log = given.text or given.log }
    if not pcall(clean, made) then -- with an error the whole chunk would go as it is
        made = { log = "left out: it could not be redacted" }
    end
    made.cluster_name = CLUSTER
    made.namespace = pod.namespace_name
    made.team = namespace["ml-platform/team"]
    made.resource_type = owner.kind and string.lower(owner.kind) or "pod"
    made.pod = pod.pod_name
    made.container = pod.container_name
    made.node = pod.host
    made.stream = given.stream
    made.log_group = KEPT_APART[pod.namespace_name] or "containers"
    return 2, timestamp, made
end
