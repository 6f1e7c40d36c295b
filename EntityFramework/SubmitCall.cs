using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Messaging.Contracts.Http;
using Messaging.Contracts.Json;
using Messaging.Contracts.Kinds;
using Npgsql;
using NpgsqlTypes;

namespace Messaging.EntityFramework;

/// <summary>One call of <c>messaging.submit</c>: the kind, the input and the options as JSON, checked as far as can be without the database.</summary>
internal sealed class SubmitCall
{
    /// <summary>The statement. $1: kind, $2: input, $3: options or null.</summary>
    public const string Sql = "SELECT messaging.submit($1, $2, $3)";

    private static readonly ConcurrentDictionary<Type, (string Name, InputSchema Schema)> Kinds = new();

    private readonly string _kind;
    private readonly string _input;
    private readonly string? _options;

    private SubmitCall(string kind, string input, string? options) => (_kind, _input, _options) = (kind, input, options);

    /// <summary>Serialises an input and checks it against its kind's schema.</summary>
    /// <exception cref="InvalidTaskInputException">It does not fit.</exception>
    /// <exception cref="ArgumentException">Its class is no task's input.</exception>
    /// <exception cref="NotSupportedException">Its class can't be written as JSON.</exception>
    public static SubmitCall Of(object input, EnqueueOptions? options)
    {
        ArgumentNullException.ThrowIfNull(input);
        var (name, schema) = Kinds.GetOrAdd(input.GetType(), static type =>
        {
            var kind = KindDescription.Of(type);
            return (kind.Name, InputSchema.Parse(kind.InputSchema));
        });
        // A null where none may be is the schema's to name, with its place.
        var json = JsonSerializer.SerializeToUtf8Bytes(input, input.GetType(), MessagingJson.Tolerant);
        var check = schema.Validate(json);
        return check.IsValid
            ? new SubmitCall(name, Encoding.UTF8.GetString(json), Write(options))
            : throw new InvalidTaskInputException(name, check.Malformed is { } malformed ? [new InputError("", malformed.Detail)] : check.Errors);
    }

    /// <summary>The command on a connection, in a transaction that is open there; null: the connection's own.</summary>
    public NpgsqlCommand On(NpgsqlConnection connection, NpgsqlTransaction? transaction) => new(Sql, connection, transaction)
    {
        Parameters =
        {
            Text(_kind),
            Text(_input),
            Text(_options),
        },
    };

    private static NpgsqlParameter Text(string? value) => new() { NpgsqlDbType = NpgsqlDbType.Text, Value = value is null ? DBNull.Value : value };

    private static string? Write(EnqueueOptions? options)
    {
        var trace = Activity.Current is { IdFormat: ActivityIdFormat.W3C } activity && (activity.ParentId is not null || activity.Recorded) ? activity.Id : null;
        if (options is null && trace is null)
            return null;
        var members = new Dictionary<string, object>();
        Add("queue", options?.Queue);
        Add("delay", options?.Delay is { } delay ? Iso8601Duration.Format(delay) : null);
        Add("runAt", options?.RunAt is { } runAt ? runAt.UtcDateTime : null);
        Add("timeout", options?.Timeout is { } timeout ? Iso8601Duration.Format(timeout) : null);
        Add("deadline", options?.Deadline is { } deadline ? deadline.UtcDateTime : null);
        Add("maxAttempts", options?.MaxAttempts);
        Add("tags", options?.Tags);
        Add("idempotencyKey", options?.IdempotencyKey);
        Add("traceParent", trace);
        Add("callback", options?.Callback);
        return JsonSerializer.Serialize(members, HttpJson.Options); // without nulls, which are refused

        void Add(string name, object? value)
        {
            if (value is not null)
                members.Add(name, value);
        }
    }
}
