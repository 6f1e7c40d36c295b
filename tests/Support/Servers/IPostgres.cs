namespace Messaging.Tests.Support.Servers;

/// <summary>A Postgres server, wherever it comes from: a private child process, a container, or one that was given.</summary>
public interface IPostgres
{
    /// <summary>Npgsql connection string of a superuser to the maintenance database.</summary>
    string ConnectionString { get; }
}
